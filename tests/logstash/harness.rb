# Runs a script of Logstash's ruby filter outside Logstash: events as JSON lines in, events out.
# usage: ruby harness.rb SCRIPT NAMESPACE

require "json"
require "time"

module LogStash
  class Timestamp
    def self.now
      new(Time.now.utc)
    end

    def initialize(time)
      @time = time
    end

    def to_s
      @time.iso8601(3)
    end

    def to_json(*arguments)
      to_s.to_json(*arguments)
    end
  end

  # What Logstash's own event does with field references, as far as the scripts use them.
  class Event
    def initialize(data = {})
      @data = data
    end

    def get(reference)
      path(reference).reduce(@data) { |node, key| node.is_a?(Hash) ? node[key] : nil }
    end

    def set(reference, value)
      *parents, leaf = path(reference)
      parents.reduce(@data) { |node, key| node[key].is_a?(Hash) ? node[key] : (node[key] = {}) }[leaf] = value
    end

    def remove(reference)
      *parents, leaf = path(reference)
      node = parents.reduce(@data) { |inner, key| inner.is_a?(Hash) ? inner[key] : nil }
      node.delete(leaf) if node.is_a?(Hash)
    end

    def to_hash
      @data.reject { |key, _| key == "@metadata" }
    end

    def to_json(*arguments)
      to_hash.to_json(*arguments)
    end

    def everything
      @data
    end

    private

    def path(reference)
      reference.start_with?("[") ? reference.scan(/\[([^\]]+)\]/).flatten : [reference]
    end
  end
end

load ARGV[0]
register("namespace" => ARGV[1])
$stdin.each_line do |line|
  filter(LogStash::Event.new(JSON.parse(line))).each { |event| puts JSON.generate(event.everything) }
end
