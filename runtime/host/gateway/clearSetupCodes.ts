import { clearDeviceBootstrapTokens } from "openclaw/plugin-sdk/device-bootstrap";

/** Program: ends every setup code of the OpenClaw whose state is in `OPENCLAW_STATE_DIR`. */
await clearDeviceBootstrapTokens();
