// Patterns: over segments, as scopes of API keys (`core:*`) and triggers of webhooks (`transport.*`) use them, and the
// regular expressions of queries.

import { ApplicationError } from "@js-soft/ts-utils";
import { RE2JS } from "re2js";

/** Whether a pattern covers the name: `*` stands for one segment, `**` for any number. */
export function covers(patterns, name, separator) {
  const oneSegment = `[^${RegExp.escape(separator)}]+`;
  return patterns.some((pattern) => {
    const segments = pattern
      .split(separator)
      .map((segment) => ({ "*": oneSegment, "**": ".*" })[segment] ?? RegExp.escape(segment));
    return new RegExp(`^${segments.join(RegExp.escape(separator))}$`).test(name);
  });
}

/** A regular expression that takes linear time, whatever it is and whatever it meets; nobody can stop a Connector by one. */
export class LinearPattern extends RegExp {
  #pattern;

  /** Throws an ApplicationError if `source` is none that can be used. */
  constructor(source) {
    super("");
    try {
      this.#pattern = RE2JS.compile(String(source));
    } catch (error) {
      const reason = error.message.replace(/^error parsing regexp: /, "");
      const message = `The pattern '${source}' cannot be used: ${reason}. Look-around and back-references do not exist here.`;
      throw new ApplicationError("error.runtime.validation.invalidPropertyValue", message);
    }
  }

  test(text) {
    return this.#pattern.matcher(String(text)).find();
  }
}
