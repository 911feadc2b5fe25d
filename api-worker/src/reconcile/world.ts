import type { ControlInstance, InstanceStatus, ReconcileResult, StepName, StepState } from "@oa/contract";
import type { FleetRemoval, FleetView } from "../fleet/fleet.ts";
import type { ModelPlan } from "./modelPlan.ts";

/** What is known of a runtime's own health. */
export type HealthView =
  | { kind: "healthy" }
  /** It answers, and says what is not ready yet. */
  | { kind: "waiting"; detail: string }
  | { kind: "away"; reason: string };

/** Everything one pass knows. Facts not asked for yet are null; nothing is assumed in their place. */
export interface World {
  instance: ControlInstance;
  /** Names and addresses that follow from configuration and id, to be written down before the fleet is asked. */
  names: { runtimeName: string; bucketName: string | null; runtimeUrl: string; addressIsScarce: boolean };
  /** Which models its gateway is to call. */
  models: ModelPlan | null;
  /** True once this pass has made the stored inference key the one that spends the owner's credits. */
  keyRegistered: boolean;
  fleet: FleetView | null;
  /** True once this pass has sent its wish; a second PUT would say nothing new. */
  wished: boolean;
  removal: FleetRemoval | null;
  health: HealthView | null;
}

/** Fields of the row the reconciler may write. */
export interface RowFields {
  runtime_name?: string;
  runtime_url?: string;
  r2_bucket_name?: string;
  gateway_url?: string;
  version?: string;
}

/** The next thing to do. One effect each, each safe to do again. */
export type Action =
  | { kind: "make_service_token" }
  | { kind: "ask_models" }
  | { kind: "make_inference_key" }
  | { kind: "register_inference_key" }
  | { kind: "record_step"; step: StepName; state: StepState; detail: string | null }
  | { kind: "record_row"; fields: RowFields }
  | { kind: "ask_fleet" }
  | { kind: "put_runtime"; desired: "running" | "stopped" }
  | { kind: "remove_runtime" }
  | { kind: "ask_health" }
  | { kind: "set_status"; status: InstanceStatus; reason: string | null }
  | { kind: "rest"; result: ReconcileResult };
