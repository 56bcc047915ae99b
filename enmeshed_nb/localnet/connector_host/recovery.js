// What the Runtime's modules do to a Request happens after the call that caused it was answered, in event handlers.
// If the process is killed in between, nothing would ever take that up again. So at each start, what was cut off is
// found by its status and its event is published once more; the modules do the rest. A clean restart finds nothing.

import {
  IncomingRequestStatusChangedEvent,
  MessageReceivedEvent,
  MessageSentEvent,
  PeerRelationshipTemplateLoadedEvent,
  RelationshipChangedEvent
} from "@nmshd/runtime";

/** Lets the Requests go on that were between two statuses when the process ended. */
export async function recover(runtime) {
  const { transportServices: transport, consumptionServices: consumption } = runtime.getServices();
  const { eventBus, address } = runtime;

  const incoming = async (query) => value(await consumption.incomingRequests.getRequests({ query }));
  const outgoing = async (query) => value(await consumption.outgoingRequests.getRequests({ query }));
  const messages = async (query) => value(await transport.messages.getMessages({ query }));
  const byType = (type, isOwn) => messages({ "content.@type": type, isOwn: String(isOwn) });

  const requestMessages = await byType("Request", true);
  for (const draft of await outgoing({ status: "Draft" })) {
    const message = requestMessages.find(({ content }) => content.id === draft.id);
    if (message) eventBus.publish(new MessageSentEvent(address, message));
  }

  const known = new Set((await incoming({})).map(({ id }) => id));
  for (const message of await byType("Request", false)) {
    if (!known.has(message.content.id)) eventBus.publish(new MessageReceivedEvent(address, message));
  }

  for (const { id } of await incoming({ status: "Open" })) await consumption.incomingRequests.checkPrerequisites({ requestId: id });
  for (const request of await incoming({ status: "DecisionRequired" })) {
    const change = { request, oldStatus: "Open", newStatus: "DecisionRequired" };
    eventBus.publish(new IncomingRequestStatusChangedEvent(address, change));
  }

  const answers = await byType("ResponseWrapper", true);
  for (const request of await incoming({ status: "Decided" })) {
    const source = await answerOf(request, answers, transport);
    if (source) {
      await consumption.incomingRequests.complete({ requestId: request.id, responseSourceId: source });
    } else {
      const change = { request, oldStatus: "ManualDecisionRequired", newStatus: "Decided" };
      eventBus.publish(new IncomingRequestStatusChangedEvent(address, change));
    }
  }

  const waiting = new Set((await outgoing({ status: ["Draft", "Open"] })).map(({ id }) => id));
  const completed = new Set((await outgoing({ status: "Completed" })).map(({ source }) => source?.reference));
  for (const message of await byType("ResponseWrapper", false)) {
    const { requestId, requestSourceType, requestSourceReference } = message.content;
    const isOpen = requestSourceType === "Message" ? waiting.has(requestId) : !completed.has(requestSourceReference);
    if (isOpen) eventBus.publish(new MessageReceivedEvent(address, message));
  }

  for (const relationship of value(await transport.relationships.getRelationships({ query: { status: "Pending" } }))) {
    if (relationship.auditLog[0].createdBy !== address && !completed.has(relationship.templateId)) {
      eventBus.publish(new RelationshipChangedEvent(address, relationship));
    }
  }

  const sources = new Set((await incoming({})).map(({ source }) => source?.reference));
  const related = new Set(value(await transport.relationships.getRelationships({})).map(({ peer }) => peer));
  for (const template of value(await transport.relationshipTemplates.getRelationshipTemplates({ query: { isOwn: "false" } }))) {
    const isExpired = template.expiresAt && Date.parse(template.expiresAt) < Date.now();
    if (!isExpired && !sources.has(template.id) && !related.has(template.createdBy)) {
      eventBus.publish(new PeerRelationshipTemplateLoadedEvent(address, template));
    }
  }
}

/** The id of what already carried the Response to the peer, if it was sent before the process ended. */
async function answerOf(request, answers, transport) {
  const message = answers.find(({ content }) => content.requestId === request.id);
  if (message || request.source.type === "Message") return message?.id;
  const query = { peer: request.peer, templateId: request.source.reference };
  return value(await transport.relationships.getRelationships({ query }))[0]?.id;
}

function value(result) {
  if (result.isError) throw result.error;
  return result.value;
}
