"""A real model service, instrumented: will a flight from New York arrive late?"""
