# The guard: completes records and says of each that cannot be stored why.
#
# - A record of Elkhound must name its stream (data_stream.*) and carry an id (event.id).
# - A log line of anybody else (Filebeat, Elastic Agent, another application) becomes a service log.
# - Ids that are missing are derived from the record, so that sending twice stays harmless.

require "digest"
require "json"
require "time"

ID = /\A[\x21-\x7e]{1,512}\z/
NAMESPACE = /\A[a-z0-9._]{1,100}\z/
STREAMS = {
  "ml.prediction" => "logs", "ml.feedback" => "logs", "ml.error" => "logs", "ml.lifecycle" => "logs",
  "ml.service" => "logs", "ml.resource" => "metrics"
}.freeze
FAILED_TAGS = %w[_jsonparsefailure _timestampparsefailure _dateparsefailure].freeze

def register(params)
  @namespace = params.fetch("namespace", "default")
end

def filter(event)
  event.remove("@version")
  reason = refusal(event)
  if reason.nil?
    event.set("[event][ingested]", LogStash::Timestamp.now)
  else
    event.set("[@metadata][dead]", reason)
  end
  [event]
rescue StandardError => e
  event.set("[@metadata][dead]", "the guard failed: #{e.class}: #{e.message}")
  [event]
end

def refusal(event)
  failed = Array(event.get("tags")) & FAILED_TAGS
  return "it could not be parsed: #{failed.join(', ')}" unless failed.empty?
  return "its @timestamp is no time: #{event.get('_@timestamp')}" unless event.get("_@timestamp").nil?

  described = event.get("event")
  return "event is #{kind_of(described)}, not an object" unless described.nil? || described.is_a?(Hash)

  stream_refusal(event) || id_refusal(event)
end

def stream_refusal(event)
  stream = event.get("data_stream")
  return adopt(event) if stream.nil?
  return "data_stream is #{kind_of(stream)}, not an object" unless stream.is_a?(Hash)

  dataset, type, namespace = stream.values_at("dataset", "type", "namespace")
  return adopt(event) if dataset.is_a?(String) && !dataset.start_with?("ml.")

  return "data_stream.dataset #{dataset.inspect} is none of #{STREAMS.keys.join(', ')}" unless STREAMS.key?(dataset)
  return "data_stream.type must be #{STREAMS[dataset]} for #{dataset}, not #{type.inspect}" unless type == STREAMS[dataset]
  return "data_stream.namespace #{namespace.inspect} must be 1 to 100 of a-z, 0-9, . and _" unless namespace.is_a?(String) && NAMESPACE.match?(namespace)

  nil
end

# A log line from elsewhere becomes a service log.
def adopt(event)
  message = event.get("message")
  return "it names no data_stream, and has no message either" unless message.is_a?(String) && !message.empty?

  event.set("data_stream", { "type" => "logs", "dataset" => "ml.service", "namespace" => @namespace })
  event.set("[event][kind]", "event") if event.get("[event][kind]").nil?
  nil
end

def id_refusal(event)
  id = event.get("[event][id]")
  if id.nil?
    event.set("[event][id]", derived_id(event))
  elsif !id.is_a?(String) || !ID.match?(id)
    return "event.id #{id.to_s[0, 80].inspect} must be 1 to 512 visible ASCII characters"
  end
  nil
end

# A line of a file is known by its place; anything else by its content, with its keys in order.
def derived_id(event)
  path, offset = event.get("[log][file][path]"), event.get("[log][offset]")
  place = [event.get("[host][name]"), path, offset, event.get("message")] unless path.nil? || offset.nil?
  Digest::SHA256.hexdigest(JSON.generate(sorted(place || event.to_hash)))[0, 32]
end

def sorted(value)
  case value
  when Hash then value.sort_by { |key, _| key.to_s }.map { |key, item| [key.to_s, sorted(item)] }
  when Array then value.map { |item| sorted(item) }
  when nil, true, false, String, Numeric then value
  else value.to_s
  end
end

def kind_of(value)
  { String => "a text", Array => "a list", Hash => "an object" }.fetch(value.class, "a #{value.class.name.downcase}")
end
