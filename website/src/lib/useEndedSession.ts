import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { goToSignIn } from "./goToSignIn.ts";
import { useConnection, useLive } from "./live.tsx";
import { sessionQuery } from "./queries.ts";
import { isSignedOut } from "./requestError.ts";

/**
 * Leaves for the sign-in page when the live connection says that the session has ended (signed out elsewhere, for
 * example). The door is asked first: while it still knows the session, leaving would only lead back here.
 */
export function useEndedSession(): void {
  const queryClient = useQueryClient();
  const { error } = useQuery(useLive().queries.instance);
  const renewing = useConnection() === "renewing";
  const refused = isSignedOut(error) && !renewing;
  useEffect(() => {
    if (!refused) return;
    queryClient.fetchQuery({ ...sessionQuery(), staleTime: 0 }).then(
      ({ user }) => user === null && goToSignIn(),
      // The connection bar and the page's own error say what is wrong.
      () => undefined,
    );
  }, [refused, queryClient]);
}
