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

/** Takes up what was cut off when the process ended, along the way of a Request. */
export async function recover(runtime) {
  const records = new Records(runtime);
  await openSentRequests(records);
  await receiveRequests(records);
  await checkReceivedRequests(records);
  await haveRequestsDecided(records);
  await answerDecidedRequests(records);
  await receiveAnswers(records);
  await receiveAnsweringRelationships(records);
  await receiveRequestsInTemplates(records);
}

/** Takes up: a Message with a Request was sent, the Request is still a Draft. */
async function openSentRequests(records) {
  const sent = await records.messages("Request", { isOwn: true });
  for (const draft of await records.outgoing({ status: "Draft" })) {
    const message = sent.find(({ content }) => content.id === draft.id);
    if (message) records.publish(MessageSentEvent, message);
  }
}

/** Takes up: a Message with a Request was received, there is no incoming Request. */
async function receiveRequests(records) {
  const known = new Set((await records.incoming()).map(({ id }) => id));
  for (const message of await records.messages("Request", { isOwn: false })) {
    if (!known.has(message.content.id)) records.publish(MessageReceivedEvent, message);
  }
}

/** Takes up: an incoming Request is there, whether it can be decided was not checked. */
async function checkReceivedRequests(records) {
  for (const { id } of await records.incoming({ status: "Open" })) {
    await records.consumption.incomingRequests.checkPrerequisites({ requestId: id });
  }
}

/** Takes up: an incoming Request can be decided, nobody (a rule, a person) was asked. */
async function haveRequestsDecided(records) {
  for (const request of await records.incoming({ status: "DecisionRequired" })) {
    records.publishStatus(request, "Open");
  }
}

/** Takes up: an incoming Request is decided, its Response was not sent, or that it was sent was not noted. */
async function answerDecidedRequests(records) {
  const answers = await records.messages("ResponseWrapper", { isOwn: true });
  for (const request of await records.incoming({ status: "Decided" })) {
    const responseSourceId = await sourceOfAnswer(request, answers, records);
    if (responseSourceId) {
      await records.consumption.incomingRequests.complete({ requestId: request.id, responseSourceId });
    } else {
      records.publishStatus(request, "ManualDecisionRequired");
    }
  }
}

/** The id of what already carried the Response to the peer, if it was sent before the process ended. */
async function sourceOfAnswer(request, answers, records) {
  const message = answers.find(({ content }) => content.requestId === request.id);
  if (message || request.source.type === "Message") return message?.id;
  const [relationship] = await records.relationships({ peer: request.peer, templateId: request.source.reference });
  return relationship?.id;
}

/** Takes up: a Message with a Response was received, its outgoing Request is not completed. */
async function receiveAnswers(records) {
  const waiting = new Set((await records.outgoing({ status: ["Draft", "Open"] })).map(({ id }) => id));
  const completed = await sourcesOfCompletedRequests(records);
  for (const message of await records.messages("ResponseWrapper", { isOwn: false })) {
    const { requestId, requestSourceType, requestSourceReference } = message.content;
    const isOpen = requestSourceType === "Message" ? waiting.has(requestId) : !completed.has(requestSourceReference);
    if (isOpen) records.publish(MessageReceivedEvent, message);
  }
}

/** Takes up: a Relationship that carries a Response was received, the Request of its template is not completed. */
async function receiveAnsweringRelationships(records) {
  const completed = await sourcesOfCompletedRequests(records);
  for (const relationship of await records.relationships({ status: "Pending" })) {
    const isFromPeer = relationship.auditLog[0].createdBy !== records.address;
    if (isFromPeer && !completed.has(relationship.templateId)) records.publish(RelationshipChangedEvent, relationship);
  }
}

async function sourcesOfCompletedRequests(records) {
  return new Set((await records.outgoing({ status: "Completed" })).map(({ source }) => source?.reference));
}

/** Takes up: a template of a peer was loaded, there is no incoming Request of it and no Relationship. */
async function receiveRequestsInTemplates(records) {
  const sources = new Set((await records.incoming()).map(({ source }) => source?.reference));
  const related = new Set((await records.relationships()).map(({ peer }) => peer));
  for (const template of await records.templatesOfPeers()) {
    const isExpired = template.expiresAt && Date.parse(template.expiresAt) < Date.now();
    if (!isExpired && !sources.has(template.id) && !related.has(template.createdBy)) {
      records.publish(PeerRelationshipTemplateLoadedEvent, template);
    }
  }
}

/** What a Runtime has stored, and its events. */
class Records {
  #runtime;

  constructor(runtime) {
    this.#runtime = runtime;
    const { transportServices, consumptionServices } = runtime.getServices();
    this.transport = transportServices;
    this.consumption = consumptionServices;
  }

  get address() {
    return this.#runtime.address;
  }

  async incoming(query = {}) {
    return valueOf(await this.consumption.incomingRequests.getRequests({ query }));
  }

  async outgoing(query) {
    return valueOf(await this.consumption.outgoingRequests.getRequests({ query }));
  }

  async messages(type, { isOwn }) {
    const query = { "content.@type": type, isOwn: String(isOwn) };
    return valueOf(await this.transport.messages.getMessages({ query }));
  }

  async relationships(query = {}) {
    return valueOf(await this.transport.relationships.getRelationships({ query }));
  }

  async templatesOfPeers() {
    return valueOf(await this.transport.relationshipTemplates.getRelationshipTemplates({ query: { isOwn: "false" } }));
  }

  publish(Event, data) {
    this.#runtime.eventBus.publish(new Event(this.address, data));
  }

  /** Says once more that an incoming Request has come from this status to the one it has. */
  publishStatus(request, oldStatus) {
    this.publish(IncomingRequestStatusChangedEvent, { request, oldStatus, newStatus: request.status });
  }
}

function valueOf(result) {
  if (result.isError) throw result.error;
  return result.value;
}
