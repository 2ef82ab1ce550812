import {
  getSelfTestResults,
  SelfTestResult,
  selfTestFindings,
} from '../../../../protocols/ipmi/commands/application/get-self-test-results.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';

export type SelfTestReport = {
  /** `none`: the controller has no self test. */
  readonly outcome: 'passed' | 'none' | 'failed';
  /** What was found, in the specification's words. */
  readonly findings: readonly string[];
};

/** What the controller's tests found when it started. @returns null where it does not tell @see IPMI v2.0 rev. 1.1 §20.4 */
export async function readSelfTest(requester: IpmiRequester, signal: AbortSignal): Promise<SelfTestReport | null> {
  const results = await ifThere(requester, getSelfTestResults, undefined, signal);
  if (results === null) return null;
  return { outcome: outcomeOf(results.result), findings: selfTestFindings(results) };
}

function outcomeOf(result: number): SelfTestReport['outcome'] {
  if (result === SelfTestResult.passed) return 'passed';
  return result === SelfTestResult.notImplemented ? 'none' : 'failed';
}
