import type { components } from './schema.gen';

type Schemas = components['schemas'];
export type Role = Schemas['Role'];
export type Session = Schemas['Session'];
export type Tenant = Schemas['Tenant'];
export type Destination = Schemas['Destination'];
export type Authorization = Schemas['Authorization'];
export type AuthorizationSetting = Schemas['AuthorizationSetting'];
export type DestinationCreation = Schemas['DestinationCreation'];
export type Adapter = Schemas['Adapter'];
export type AdapterList = Schemas['AdapterList'];
export type HoldCause = Schemas['HoldCause'];
export type AlertKind = Schemas['AlertKind'];
export type Posture = Schemas['Posture'];
export type Credential = Schemas['Credential'];
export type DeliveryPolicy = Schemas['DeliveryPolicy'];
export type PolicyOverride = Schemas['PolicyOverride'];
export type PolicyLevel = Schemas['PolicyLevel'];
export type DeliveryState = Schemas['DeliveryState'];
export type Delivery = Schemas['Delivery'];
export type DeadLetter = Schemas['DeadLetter'];
export type Attempt = Schemas['Attempt'];
export type DeliveryHealth = Schemas['DeliveryHealth'];
export type DestinationHealth = Schemas['DestinationHealth'];
export type HealthBucket = Schemas['HealthBucket'];
export type AuditRecord = Schemas['AuditRecord'];
export type AuditAction = Schemas['AuditAction'];
export type Operation = Schemas['Operation'];
export type DeadLetterFilter = Schemas['DeadLetterFilter'];

export const deliveryStates: DeliveryState[] = [
  'pending',
  'delivering',
  'delivered',
  'retry_scheduled',
  'failed',
  'dead_lettered',
];
