// What the Runtime's modules do to a Request happens after the call that caused it was answered, in event handlers.
// If the process is killed in between, or if the Backbone fails just then, the Runtime never takes that up again. So
// what stands still is found by its status, and its event is published once more; the modules do the rest. That is done
// at each start; after something has failed also by itself, with patience that grows, and after each synchronisation,
// until it is through. Where nothing has failed, nothing is looked for.

import {
  IncomingRequestStatusChangedEvent,
  MessageReceivedEvent,
  MessageSentEvent,
  PeerRelationshipTemplateLoadedEvent,
  RelationshipChangedEvent
} from "@nmshd/runtime";
import { AsyncLocalStorage } from "node:async_hooks";
import { subjectOf } from "./events.js";
import { storedDocuments } from "./internals.js";
import { withPatience } from "./patience.js";

const SHORTEST = 250; // milliseconds between two attempts
const LONGEST = 30_000;
const AT_ONCE = 20; // Responses to one peer: the Backbone takes no more that were not fetched

export class Recovery {
  #runtime;
  #unanswered;
  #logger;
  #isOn;
  #timer;
  #running;
  #patience = SHORTEST;
  #isWanted = false;
  #isStopped = false;
  #waiting = new Map();
  #problems = new Map();
  /** Does something for itself, and not for the call or handler in which it is asked for. */
  #apart = AsyncLocalStorage.snapshot();

  /** Unless it `isOn`, nothing is taken up but at the start: what a real Connector leaves stays as it is. */
  constructor(runtime, unanswered, logger, isOn) {
    this.#runtime = runtime;
    this.#unanswered = unanswered;
    this.#logger = logger;
    this.#isOn = isOn;
  }

  /** Takes up what was cut off when the process ended. */
  async start() {
    await this.#attempt();
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Something has failed, perhaps for what has this id: looks for what stands still, soon. */
  seek(id, problem) {
    if (id) this.#problems.set(id, problem);
    if (!this.#isOn || this.#isStopped) return;
    this.#isWanted = true;
    this.#timer ??= this.#apart(() => setTimeout(() => this.#attempt(), this.#patience).unref());
  }

  /** The Connector has synchronised: what stands still may go on now. */
  afterSynchronisation() {
    if (this.#isOn && this.#isWanted && !this.#isStopped) this.#apart(() => this.#attempt());
  }

  /** What stands still, since when that is known, how often it was tried, and why it failed. */
  async report() {
    return { enabled: this.#isOn, waiting: [...(await this.#standing(new Records(this.#runtime))).values()] };
  }

  async #attempt() {
    this.#running ??= this.#once().finally(() => (this.#running = undefined));
    await this.#running;
  }

  async #once() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isWanted = false;
    try {
      await withPatience(() => this.#unanswered.settle());
    } catch (error) {
      this.#logger.warn("The Backbone cannot be asked what became of an earlier call:", error.message);
    }
    const records = new Records(this.#runtime);
    for (const takeUp of STEPS) {
      if (this.#isStopped) return;
      try {
        await withPatience(() => takeUp(records));
      } catch (error) {
        this.#logger.error(`What was cut off cannot be taken up (${takeUp.name}):`, error);
      }
    }
    await this.#runtime.eventBus.idle();
    if (!this.#isStopped) await this.#look(records);
  }

  /** Looks what stands still after an attempt; as long as something does, there will be another one. */
  async #look(records) {
    const now = await this.#standing(records);
    const hasMoved = this.#waiting.size === 0 || [...this.#waiting.keys()].some((id) => !now.has(id));
    this.#patience = hasMoved ? SHORTEST : Math.min(this.#patience * 2, LONGEST);
    for (const each of now.values()) each.attempts += 1;
    this.#waiting = now;
    if (now.size > 0) this.seek();
    else this.#problems.clear();
  }

  /** What stands still now, by its id. */
  async #standing(records) {
    const decided = await records.incoming({ status: "Decided" });
    const standing = [
      ...decided.map(({ id, peer }) => ({ id, peer, what: "The Response to a Request is to be sent." })),
      ...this.#unanswered.notes.map(({ id, kind }) => ({ id: `${kind} ${id}`, what: UNCLEAR[kind] }))
    ].filter(({ id }) => !records.isUnderWay(id));
    return new Map(standing.map((each) => [each.id, { ...each, ...this.#known(each.id) }]));
  }

  #known(id) {
    const { since, attempts } = this.#waiting.get(id) ?? { since: new Date().toISOString(), attempts: 0 };
    return { since, attempts, problem: this.#problems.get(id) };
  }
}

/** What is not known of a call of the Backbone, or is still to be done. */
const UNCLEAR = {
  message: "It is to be found out whether a Message was sent.",
  relationship: "It is to be found out whether a Relationship was created.",
  change: "It is to be found out whether a Relationship was changed.",
  claim: "It is to be found out whether a File was taken over.",
  decomposition: "It is to be found out whether a Relationship was decomposed.",
  event: "Something that the Backbone has delivered is to be fetched.",
  run: "What a synchronisation was to bring that was cut off is to be fetched."
};

/** Takes up: a Message with a Request was sent, the Request is still a Draft. */
async function openSentRequests(records) {
  for (const draft of await records.outgoing({ status: "Draft" })) {
    const [message] = await records.stored("Messages", { "content.id": draft.id, isOwn: true });
    if (message) await records.publishMessage(MessageSentEvent, message);
  }
}

/** Takes up: a Message with a Request was received, there is no incoming Request. */
async function receiveRequests(records) {
  const known = new Set((await records.stored("Requests", { isOwn: false })).map(({ id }) => id));
  for (const message of await records.stored("Messages", { "content.@type": "Request", isOwn: false })) {
    if (!known.has(message.content.id)) await records.publishMessage(MessageReceivedEvent, message);
  }
}

/** Takes up: an incoming Request is there, whether it can be decided was not checked. */
async function checkReceivedRequests(records) {
  for (const { id, source } of await records.incoming({ status: "Open" })) {
    const isUnderWay = records.isUnderWay(source.reference);
    if (!isUnderWay) await records.consumption.incomingRequests.checkPrerequisites({ requestId: id });
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
  const decided = await records.incoming({ status: "Decided" });
  if (decided.length === 0) return;
  const counts = new Map();
  for (const request of decided) {
    const responseSourceId = await sourceOfAnswer(request, records);
    const count = (counts.get(request.peer) ?? 0) + 1;
    if (responseSourceId) {
      await records.consumption.incomingRequests.complete({ requestId: request.id, responseSourceId });
    } else if (count <= AT_ONCE) {
      counts.set(request.peer, count);
      records.publishStatus(request, "ManualDecisionRequired");
    }
  }
}

/** The id of what already carried the Response to the peer, if it was sent before the process ended. */
async function sourceOfAnswer(request, records) {
  const [message] = await records.stored("Messages", { "content.requestId": request.id, isOwn: true });
  if (message || request.source.type === "Message") return message?.id;
  const [relationship] = await records.relationships({ peer: request.peer, templateId: request.source.reference });
  return relationship?.id;
}

/** Takes up: a Message with a Response was received, its outgoing Request is not completed. */
async function receiveAnswers(records) {
  const waiting = new Set((await records.outgoing({ status: ["Draft", "Open"] })).map(({ id }) => id));
  const completed = await sourcesOfCompletedRequests(records);
  for (const message of await records.stored("Messages", { "content.@type": "ResponseWrapper", isOwn: false })) {
    const { requestId, requestSourceType, requestSourceReference } = message.content;
    const isOpen = requestSourceType === "Message" ? waiting.has(requestId) : !completed.has(requestSourceReference);
    if (isOpen) await records.publishMessage(MessageReceivedEvent, message);
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
  const completed = await records.stored("Requests", { isOwn: true, status: "Completed" });
  return new Set(completed.map(({ source }) => source?.reference));
}

/** Takes up: a template of a peer was loaded, there is no incoming Request of it and no Relationship. */
async function receiveRequestsInTemplates(records) {
  const sources = new Set((await records.stored("Requests", { isOwn: false })).map(({ source }) => source?.reference));
  const related = new Set((await records.relationships()).map(({ peer }) => peer));
  for (const template of await records.templatesOfPeers()) {
    const isExpired = template.expiresAt && Date.parse(template.expiresAt) < Date.now();
    if (!isExpired && !sources.has(template.id) && !related.has(template.createdBy)) {
      records.publish(PeerRelationshipTemplateLoadedEvent, template);
    }
  }
}

/** Takes up: a Message with a Notification was sent or received, there is no Notification. */
async function noteNotifications(records) {
  const known = new Set((await records.notifications()).map(({ id }) => id));
  for (const [isOwn, Event] of [
    [true, MessageSentEvent],
    [false, MessageReceivedEvent]
  ]) {
    for (const message of await records.stored("Messages", { "content.@type": "Notification", isOwn })) {
      if (!known.has(message.content.id)) await records.publishMessage(Event, message);
    }
  }
}

/** What is taken up, along the way of a Request. */
const STEPS = [
  openSentRequests,
  receiveRequests,
  checkReceivedRequests,
  haveRequestsDecided,
  answerDecidedRequests,
  receiveAnswers,
  receiveAnsweringRelationships,
  receiveRequestsInTemplates,
  noteNotifications
];

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

  /** What there are thousands of, "Requests" or "Messages", as it is stored: the Runtime takes 100 µs to read one. */
  stored(kind, query) {
    return storedDocuments(this.#runtime.getAccountController(), kind, query);
  }

  async incoming(query) {
    return valueOf(await this.consumption.incomingRequests.getRequests({ query }));
  }

  async outgoing(query) {
    return valueOf(await this.consumption.outgoingRequests.getRequests({ query }));
  }

  async relationships(query = {}) {
    return valueOf(await this.transport.relationships.getRelationships({ query }));
  }

  async notifications() {
    return valueOf(await this.consumption.notifications.getNotifications({ query: {} }));
  }

  async templatesOfPeers() {
    return valueOf(await this.transport.relationshipTemplates.getRelationshipTemplates({ query: { isOwn: "false" } }));
  }

  /** Tells whether something that was published about what has this id is not handled to the end. */
  isUnderWay(id) {
    return this.#runtime.eventBus.isUnderWay(({ data }) => subjectOf(data) === id);
  }

  /** Publishes an event about something, unless one is under way. */
  publish(Event, data) {
    if (!this.isUnderWay(subjectOf(data))) this.#runtime.eventBus.publish(new Event(this.address, data));
  }

  /** Publishes an event about a stored Message, unless one is under way. */
  async publishMessage(Event, { id }) {
    this.publish(Event, valueOf(await this.transport.messages.getMessage({ id })));
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
