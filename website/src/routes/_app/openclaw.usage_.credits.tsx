import { createFileRoute } from "@tanstack/react-router";
import { CallList } from "../../components/usage/CallList.tsx";
import { ExportLinks } from "../../components/usage/ExportLinks.tsx";
import { RangePicker } from "../../components/usage/RangePicker.tsx";
import { UsageByDay } from "../../components/usage/UsageByDay.tsx";
import { UsageByGroup } from "../../components/usage/UsageByGroup.tsx";
import { Failure } from "../../components/ui/Failure.tsx";
import { TextLink } from "../../components/ui/Links.tsx";
import { Loading } from "../../components/ui/Loading.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { Panel } from "../../components/ui/Panel.tsx";
import { useUsage } from "../../lib/creditsLive.ts";
import { useLive } from "../../lib/live.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";
import { type Range, rangeOf, RangeSearch } from "../../lib/usageRange.ts";
import { daysOfUse } from "../../lib/usageView.ts";
import { useNow } from "../../lib/useNow.ts";

export const Route = createFileRoute("/_app/openclaw/usage_/credits")({
  validateSearch: RangeSearch,
  head: () => pageTitle("Usage"),
  component: UsagePage,
});

function UsagePage() {
  const range = rangeOf(Route.useSearch(), useNow(30_000));
  const navigate = Route.useNavigate();
  const { Calls } = useLive().credits;
  return (
    <>
      <PageHeader title="Usage" description="What models were used for your credits, and what each call cost." />
      <RangePicker range={range} onChange={(search) => void navigate({ search, replace: true })} />
      <ByDay range={range} />
      <ByModel range={range} />
      <ByKey range={range} />
      <Panel
        title="Calls"
        description="Every call that was paid for, newest first. Live. The files hold those of the days chosen above."
        aside={<ExportLinks what="usage" days={{ from: range.from, to: range.to }} />}
      >
        <Calls keyHash={null}>{(calls) => <CallList calls={calls} withKey />}</Calls>
      </Panel>
    </>
  );
}

function ByDay({ range: { from, to } }: { range: Range }) {
  const summary = useUsage({ group: "day", from, to });
  return (
    <Panel title="By day">
      {summary.state === "failed" && <Failure title="It did not load" error={summary.error} />}
      {summary.state === "loading" && <Loading what="the days" h={320} />}
      {summary.state === "ready" && <UsageByDay days={daysOfUse(summary.value)} />}
    </Panel>
  );
}

function ByModel({ range: { from, to } }: { range: Range }) {
  const summary = useUsage({ group: "model", from, to });
  return <UsageByGroup title="By model" column="Model" summary={summary} renderName={({ label }) => label} />;
}

function ByKey({ range: { from, to } }: { range: Range }) {
  const summary = useUsage({ group: "key", from, to });
  return (
    <UsageByGroup
      title="By key"
      column="Key"
      summary={summary}
      renderName={({ group, label }) =>
        group === "" ? (
          "The editor, signed in as you"
        ) : (
          <TextLink to="/openclaw/keys/$hash" params={{ hash: group }} size="sm" underline="always">
            {label}
          </TextLink>
        )
      }
    />
  );
}
