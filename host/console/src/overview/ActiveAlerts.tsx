import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { problemOf } from '../api/client';
import { alertsQuery } from '../api/queries';
import { alertWords } from '../format/words';
import { Failure } from '../parts/Failure';
import { Instant } from '../parts/Instant';
import { Notice } from '../parts/Notice';
import { Section } from '../parts/Section';

// What destinations are in trouble with now; nothing of it is shown while there is none.
export function ActiveAlerts() {
  const alerts = useQuery(alertsQuery);
  if (alerts.isError) return <Failure problem={problemOf(alerts.error)} retry={() => void alerts.refetch()} />;
  if (!alerts.data?.length) return null;
  return (
    <Section title={`Active alerts: ${alerts.data.length}`}>
      {alerts.data.map((alert) => (
        <Notice key={alert.alert_id} kind="bad" live={false} title={alertWords[alert.kind]}>
          <Link to="/" search={(now) => ({ ...now, destination: alert.destination_id })}>
            {alert.destination_name ?? alert.destination_id}
          </Link>{' '}
          since <Instant at={alert.since} />: {alert.detail}. {alert.remedy}.
          {alert.recipients === 0 && ' No destination was told of it.'}
        </Notice>
      ))}
    </Section>
  );
}
