import { Alert } from "@mantine/core";
import type { WebConfig } from "@oa/contract/worker";
import { IconFlask } from "@tabler/icons-react";

const NAMES: Readonly<Record<WebConfig["doubles"][number], string>> = {
  stripe: "payments (Stripe)",
  github: "GitHub sign-in",
  google: "Google sign-in",
  mail: "mail",
  upstream: "the model provider",
};

/** Says which outside services are stand-ins here, so that nobody takes a test payment or answer for a real one. */
export function DoublesNotice({ doubles }: Pick<WebConfig, "doubles">) {
  if (doubles.length === 0) return null;
  const names = new Intl.ListFormat("en", { type: "conjunction" }).format(doubles.map((double) => NAMES[double]));
  return (
    <Alert role="note" variant="default" icon={<IconFlask aria-hidden />} title="A trial installation" py="xs">
      It uses stand-ins for {names}: no money moves and nothing leaves this machine through them.
      {doubles.includes("upstream") && " A stand-in answers model calls: what it says is no model's answer."}
    </Alert>
  );
}
