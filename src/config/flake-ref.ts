/** Token shapes of code hosts, so that one pasted into a reference is caught wherever it stands. */
const TOKEN = /(gh[pousr]_|github_pat_|glpat-|gldt-)[A-Za-z0-9_-]{8}/;
const CREDENTIAL_PARAMETER = /[?&](access[_-]?token|private[_-]?token|token|password|passwd|secret|key)=/i;

/**
 * What is wrong with a flake reference, or undefined. Credentials in it would end up in argv, logs and `flake.lock`.
 * The text itself is never repeated in the answer, since it may hold one.
 * @see https://nix.dev/manual/nix/2.24/command-ref/new-cli/nix3-flake.html#flake-references
 */
export function flakeProblem(text: string): string | undefined {
  if (text === '' || text.length > 1024) return 'must have 1 to 1024 characters';
  if (!/^[\x21-\x7e]+$/.test(text)) return 'must be printable ASCII without spaces (percent-encode others)';
  if (text.startsWith('-')) return 'must not begin with a dash: nix would take it for an option';
  if (text.includes('#')) return 'must not hold "#": the attribute is a field of its own';
  if (/["'`\\$]/.test(text)) return 'must not hold quotes, backslashes or dollar signs';
  if (TOKEN.test(text) || CREDENTIAL_PARAMETER.test(text) || hasUserInfo(text)) {
    return 'holds credentials: give them as accessTokens of the machine, by reference';
  }
  return undefined;
}

/** What is wrong with an attribute under nixosConfigurations, or undefined. */
export function attributeProblem(text: string): string | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text)) return undefined;
  return 'must be letters, digits, dots, dashes and underscores, 1 to 128, not beginning with a dot or dash';
}

/** User information in the authority; `git+ssh://git@…` names the account that every SSH forge wants, and is none. */
function hasUserInfo(text: string): boolean {
  const match = /^([a-z+.]+):\/\/([^/@]*)@/i.exec(text);
  if (match === null) return false;
  const [, scheme = '', userInfo = ''] = match;
  return userInfo.includes(':') || !/^(git\+)?ssh$/i.test(scheme);
}
