import { useQuery } from "@tanstack/react-query";
import { configQuery } from "../../lib/queries.ts";
import { TextLink } from "../ui/Links.tsx";

/** The way back in by mail; nothing where this installation sends none. */
export function ForgotLink() {
  const config = useQuery(configQuery());
  if (config.data?.mail !== true) return null;
  return (
    <TextLink to="/forgot-password" size="sm" underline="always">
      Forgot your password?
    </TextLink>
  );
}
