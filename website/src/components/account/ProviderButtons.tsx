import { Button, Divider, Stack } from "@mantine/core";
import type { OAuthProvider } from "@oa/contract/accountsApi";
import { IconBrandGithub, IconBrandGoogle, type TablerIcon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { configQuery } from "../../lib/queries.ts";
import { PROVIDER_NAMES, providerAddress } from "../../lib/signInAddress.ts";

export const PROVIDER_ICONS: Readonly<Record<OAuthProvider, TablerIcon>> = {
  github: IconBrandGithub,
  google: IconBrandGoogle,
};

/** The other ways in, above the form. Nothing where this installation has none. */
export function ProviderButtons({ returnTo }: { returnTo: string }) {
  const config = useQuery(configQuery());
  const providers = config.data?.sign_in_with ?? [];
  if (providers.length === 0) return null;
  return (
    <>
      <Stack gap="sm">
        {providers.map((provider) => {
          const Icon = PROVIDER_ICONS[provider];
          return (
            <Button
              key={provider}
              component="a"
              href={providerAddress(provider, returnTo)}
              variant="default"
              size="md"
              fullWidth
              leftSection={<Icon size={18} aria-hidden />}
            >
              Continue with {PROVIDER_NAMES[provider]}
            </Button>
          );
        })}
      </Stack>
      <Divider label="or with e-mail and password" labelPosition="center" />
    </>
  );
}
