import type { ACCOUNT_CONTROL_PATHS } from "@oa/contract";
import * as access from "./accountAccess.ts";
import * as clients from "./accountClients.ts";
import type { MethodTable } from "./gate.ts";

/** What answers each of the accounts' paths; a path that is missing here does not compile. */
export const ACCOUNT_ROUTES: { readonly [Name in keyof typeof ACCOUNT_CONTROL_PATHS]: MethodTable } = {
  accountLimits: { POST: access.takeLimits },
  accountRegister: { POST: access.register },
  accountAccess: { POST: access.openAccess },
  accountSignInFailed: { POST: access.signInFailed },

  accountPassword: { POST: access.setPassword },
  accountResetStart: { POST: access.startReset },
  accountReset: { POST: access.finishReset },
  accountVerifyStart: { POST: access.startVerify },
  accountVerify: { POST: access.finishVerify },

  accountSignIns: { POST: access.listSignIns },
  accountSignIn: { DELETE: access.endSignIn },
  accountSignOutEverywhere: { POST: access.signOutEverywhere },

  oauthStart: { POST: clients.startOAuth },
  oauthTake: { POST: clients.takeOAuth },
  oauthSignIn: { POST: clients.signInWithOAuth },
  oauthIdentity: { DELETE: clients.unlinkIdentity },

  refreshRotate: { POST: clients.rotateRefresh },
  refreshFamily: { POST: clients.familyStanding, DELETE: clients.endFamily },

  flowStart: { POST: clients.startFlow },
  flowLook: { POST: clients.lookAtFlow },
  flowDecide: { POST: clients.decideFlow },
  flowTake: { POST: clients.takeFlow },

  managementKey: { POST: clients.keyOwner, DELETE: clients.endKey },
  managementKeyRotate: { POST: clients.rotateKey },

  githubDeviceStart: { POST: clients.startGithubDevice },
  githubDevicePoll: { POST: clients.pollGithubDevice },
  githubDeviceFinish: { POST: clients.finishGithubDevice },
  githubDevice: { DELETE: clients.dropGithubDevice },
  userInfoTake: { POST: clients.takeUserInfo },
};
