// Relationships without anybody's decision: for tests and demonstrations, not for production.

import { RelationshipChangedEvent, RuntimeModule } from "@nmshd/runtime";

/** Does the same to each Relationship that has a certain status, now or later. */
class RelationshipModule extends RuntimeModule {
  init() {}

  async start() {
    this.subscribeToEvent(RelationshipChangedEvent, ({ data }) => this.#handle(data));
    const { relationships } = this.runtime.getServices().transportServices;
    const { value = [] } = await relationships.getRelationships({ query: { status: this.status } });
    for (const relationship of value) await this.#handle(relationship);
  }

  async #handle(relationship) {
    if (relationship.status !== this.status || !this.concerns(relationship)) return;
    const { relationships } = this.runtime.getServices().transportServices;
    const result = await this.runtime.unit(() => this.act(relationships, { relationshipId: relationship.id }));
    if (result.isError) this.logger.error(`${this.displayName}, ${relationship.id}:`, result.error.message);
  }
}

/** `modules.autoAcceptPendingRelationships`: accepts what peers created from templates of this Connector. */
export class AutoAcceptModule extends RelationshipModule {
  status = "Pending";

  concerns({ auditLog }) {
    return auditLog[0].createdBy !== this.runtime.address;
  }

  act(relationships, request) {
    return relationships.acceptRelationship(request);
  }
}

/** `modules.autoDecomposeDeletionProposedRelationships`: decomposes what the peer has decomposed. */
export class AutoDecomposeModule extends RelationshipModule {
  status = "DeletionProposed";

  concerns() {
    return true;
  }

  act(relationships, request) {
    return relationships.decomposeRelationship(request);
  }
}
