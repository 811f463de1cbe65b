# Wraps what could not be stored into a record that can: the whole of it as text, and the reason.

require "digest"
require "json"

LONGEST_ORIGINAL = 32_768
LONGEST_REASON = 8_191
NAMESPACE = /\A[a-z0-9._]{1,100}\z/

def register(params)
  @namespace = params.fetch("namespace", "default")
end

def filter(event)
  original = event.to_json
  [LogStash::Event.new(
    "@timestamp" => LogStash::Timestamp.now,
    "event" => {
      "id" => wrapper_id(event, original), "kind" => "event", "ingested" => LogStash::Timestamp.now,
      "original" => original[0, LONGEST_ORIGINAL]
    },
    "message" => reason(event)[0, LONGEST_REASON],
    "error" => { "type" => "deadletter", "message" => reason(event)[0, LONGEST_REASON] },
    "data_stream" => { "type" => "logs", "dataset" => "ml.deadletter", "namespace" => namespace(event) },
    "labels" => { "refused_by" => event.get("[@metadata][dead]").nil? ? "elasticsearch" : "guard" }
  )]
end

# The queue's reason quotes the whole document first: the cause is what follows the last "response: ".
def reason(event)
  given = event.get("[@metadata][dead]") || event.get("[@metadata][dead_letter_queue][reason]") || "no reason is known"
  given.to_s.split("response: ").last
end

# The queue is read again after a crash: id and time of entry are the same then, the order of keys is not.
def wrapper_id(event, original)
  entered = event.get("[@metadata][dead_letter_queue][entry_time]")
  id = event.get("[event][id]") if event.get("event").is_a?(Hash)
  Digest::SHA256.hexdigest(entered.nil? || id.nil? ? original : "#{id} #{entered}")[0, 32]
end

def namespace(event)
  stream = event.get("data_stream")
  given = stream["namespace"] if stream.is_a?(Hash)
  given.is_a?(String) && NAMESPACE.match?(given) ? given : @namespace
end
