import type { Route } from "../route.ts";
import { adminRoutes } from "./admin.ts";
import { adminCreditRoutes } from "./adminCredits.ts";
import { billingRoutes } from "./billing.ts";
import { cliAuthRoutes } from "./cliAuth.ts";
import { cliCreditRoutes } from "./cliCredits.ts";
import { cliKeyRoutes } from "./cliKeys.ts";
import { deviceRoutes } from "./devices.ts";
import { editorRoutes } from "./editor.ts";
import { editorFlowRoutes } from "./editorFlow.ts";
import { editorUsageRoutes } from "./editorUsage.ts";
import { githubDeviceRoutes } from "./githubDevice.ts";
import { inferenceRoutes } from "./inference.ts";
import { instanceRoutes } from "./instance.ts";
import { internalRoutes } from "./internal.ts";
import { oauthRoutes } from "./oauth.ts";
import { providerKeyRoutes } from "./providerKeys.ts";
import { runtimeRoutes } from "./runtime.ts";
import { systemRoutes } from "./system.ts";
import { webRoutes } from "./web.ts";
import { webCreditRoutes } from "./webCredits.ts";
import { webEditorRoutes } from "./webEditor.ts";
import { webPasswordRoutes } from "./webPassword.ts";
import { webSignInRoutes } from "./webSignIns.ts";

/** Every route there is. What is not in this table answers 404; what is has a gate. */
export const ROUTES: readonly Route[] = [
  ...systemRoutes(() => ROUTES),
  ...instanceRoutes,
  ...runtimeRoutes,
  ...deviceRoutes,
  ...providerKeyRoutes,
  ...billingRoutes,
  ...internalRoutes,
  ...webRoutes,
  ...webPasswordRoutes,
  ...webSignInRoutes,
  ...webEditorRoutes,
  ...webCreditRoutes,
  ...editorRoutes,
  ...editorFlowRoutes,
  ...editorUsageRoutes,
  ...cliAuthRoutes,
  ...cliCreditRoutes,
  ...cliKeyRoutes,
  ...githubDeviceRoutes,
  ...inferenceRoutes,
  ...adminRoutes,
  ...adminCreditRoutes,
  // After the editor's own paths: `{provider}` would take their place.
  ...oauthRoutes,
];
