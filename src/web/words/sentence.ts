/** Words that begin a text of the service; anything else may be a name (`rack1-n1 refused …`) and keeps its letters. */
const OPENERS = /^(a|all|an|another|it|no|nothing|one|only|some|something|that|the|there|this|whether)\b/;

/** The service's texts begin small and end open, so that they fit into others; on their own they are sentences. */
export function sentence(text: string): string {
  return closed(OPENERS.test(text) ? capital(text) : text);
}

/** The same for advice, which never begins with a name. */
export function advice(text: string): string {
  return closed(capital(text));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function closed(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
