// What is secret in texts and configurations that people get to see.

const SECRET_KEY = /(^key|apikey|password|secret|token|connectionstring)$/i;
const HIDDEN = "***";

/** Returns a URL without its user name and password, its query and its fragment, where tokens stand. */
export function withoutSecrets(url) {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${HIDDEN}@`).replace(/[?#].*$/s, `?${HIDDEN}`);
}

/** Returns a configuration without its secrets: keys, passwords, values of headers, what stands in URLs. */
export function redacted(value, key = "") {
  if (SECRET_KEY.test(key)) return HIDDEN;
  if (Array.isArray(value)) return value.map((each) => redacted(each));
  if (typeof value === "string") return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? withoutSecrets(value) : value;
  if (value === null || typeof value !== "object") return value;
  const hide = /headers$/i.test(key) ? () => HIDDEN : redacted;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, hide(each, name)]));
}
