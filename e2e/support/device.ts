import { API_PATHS, ConnectInfo, DeviceDecision, DeviceLists, observed, type PendingDevice } from "@oa/contract";
import { CLI_PROFILE, connectDevice, type DeviceConnection, newDeviceIdentity } from "@oa/runtime/testing";
import type { Caller } from "./api.ts";

/** A real device outside the gateway, with an identity of its own. */
export interface TestDevice {
  deviceId: string;
  /** Connects with the gateway's token, as a person who pasted the command would. */
  connect(): Promise<DeviceConnection>;
}

/** Asks the API for the address and token, as the page's connect panel does. */
export async function newDevice(owner: Caller): Promise<TestDevice> {
  const { url, token } = await owner.data(ConnectInfo, "POST", API_PATHS.runtimeConnect);
  const identity = newDeviceIdentity();
  return {
    deviceId: identity.deviceId,
    connect: () => connectDevice({ url, token, identity, profile: CLI_PROFILE }),
  };
}

/** The device's request as its owner sees it. Throws when it is not listed. */
export async function pendingRequest(owner: Caller, deviceId: string): Promise<PendingDevice> {
  const { data } = await owner.data(observed(DeviceLists), "GET", API_PATHS.runtimeDevices);
  const found = data.pending.find((request) => request.deviceId === deviceId);
  if (found === undefined) throw new Error(`no pending request of ${deviceId}: ${JSON.stringify(data)}`);
  return found;
}

export function approve(owner: Caller, requestId: string) {
  return owner.data(DeviceDecision, "POST", API_PATHS.deviceApprove.replace("{requestId}", requestId));
}
