import { Alert } from "@mantine/core";
import type { SignInProblem } from "@oa/contract/accountsApi";
import { IconAlertCircle } from "@tabler/icons-react";
import { SIGN_IN_PROBLEMS } from "../../lib/signInProblem.ts";

/** Why a provider's sign-in ended here without one. */
export function ProblemNotice({ problem, title }: { problem: SignInProblem; title: string }) {
  return (
    <Alert role="alert" color="red" variant="outline" icon={<IconAlertCircle aria-hidden />} title={title}>
      {SIGN_IN_PROBLEMS[problem]}
    </Alert>
  );
}
