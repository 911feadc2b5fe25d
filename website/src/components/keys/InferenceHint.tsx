import { useQuery } from "@tanstack/react-query";
import { configQuery } from "../../lib/queries.ts";
import { Notice } from "../account/Notice.tsx";

/** Says where no model calls are answered on this installation: keys open nothing there. */
export function InferenceHint() {
  const config = useQuery(configQuery());
  if (config.data === undefined || config.data.inference) return null;
  return (
    <Notice kind="info" title="Model calls are not connected on this installation">
      You can make keys, but calls with them are refused until whoever runs this installation has connected a model
      provider.
    </Notice>
  );
}
