"""All faults of the bench by name."""

from __future__ import annotations

from benchmarks.root_cause.faults import (
    Fault,
    bad_deploy_everywhere,
    bad_deploy_on_some_hosts,
    bad_host,
    disk_full,
    expired_credential,
    gpu_memory,
    memory_leak,
    missing_feature,
    new_category,
    nothing,
    poison_request,
    slow_dependency,
    two_at_once,
    unit_change,
    upstream_schema_change,
)
from benchmarks.root_cause.harder_faults import (
    confounded_deploy,
    drift_for_everybody,
    driver_of_a_host,
    file_handles,
    library_version,
    outage_without_a_trace,
    pair_of_values,
    restart,
    total_outage,
    unrecorded_release,
)

FAULTS: dict[str, Fault] = {
    "bad deploy everywhere": bad_deploy_everywhere,
    "bad deploy on some hosts": bad_deploy_on_some_hosts,
    "upstream schema change": upstream_schema_change,
    "missing feature": missing_feature,
    "new category": new_category,
    "unit change": unit_change,
    "memory leak": memory_leak,
    "GPU memory": gpu_memory,
    "disk full": disk_full,
    "slow dependency": slow_dependency,
    "expired credential": expired_credential,
    "bad host": bad_host,
    "poison request": poison_request,
    "two at once": two_at_once,
    "file handles": file_handles,
    "restart": restart,
    "unrecorded release": unrecorded_release,
    "pair of values": pair_of_values,
    "total outage": total_outage,
    "driver of a host": driver_of_a_host,
    "confounded deploy": confounded_deploy,
    "library version": library_version,
    "drift for everybody": drift_for_everybody,
    "nothing": nothing,
    "outage without a trace": outage_without_a_trace,
}
"""Those that return no answer are no fault, or one that nothing in the records explains."""
