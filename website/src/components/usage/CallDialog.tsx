import { Modal, Text } from "@mantine/core";
import { useCall } from "../../lib/creditsLive.ts";
import { Failure } from "../ui/Failure.tsx";
import { Loading } from "../ui/Loading.tsx";
import { CallCost } from "./CallCost.tsx";

/** Why a call was charged what it was; open while there is a call. */
export function CallDialog({ holdId, onClose }: { holdId: string | null; onClose: () => void }) {
  return (
    <Modal
      opened={holdId !== null}
      onClose={onClose}
      size="lg"
      centered
      title="Why was this charged?"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {holdId !== null && <Call holdId={holdId} />}
    </Modal>
  );
}

function Call({ holdId }: { holdId: string }) {
  const call = useCall(holdId);
  switch (call.state) {
    case "loading":
      return <Loading what="the call" h={220} />;
    case "failed":
      return <Failure title="The call did not load" error={call.error} />;
    case "ready":
      return call.value === null ? (
        <Text size="sm">
          What made up this call is no longer kept; the ledger still has what it cost, for as long as your account
          lives.
        </Text>
      ) : (
        <CallCost call={call.value} />
      );
  }
}
