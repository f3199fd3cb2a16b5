/** Whether the numbers can be believed: how far behind they are, and whether the books agree. */
import type { ServerDeps } from '../server-deps.ts'
import type { Asking } from './asking.ts'
import { iso_of } from './asking.ts'
import type { Panel, TrustPanel } from './board.ts'
import type { Reconciliation } from './reconciliation.ts'

const NEWEST = `SELECT toString(max(occurred_at)) AS newest_text FROM ledger
  WHERE tenant_id = {tenant:String} HAVING count() > 0`
/** A batch is inserted behind its rows, with the wall clock of its commit. */
const INSERTED = `SELECT toString(max(wall_at)) AS inserted_text FROM batches HAVING count() > 0`

export const ask_trust = async (
  asking: Asking,
  deps: Pick<ServerDeps, 'worker' | 'sink'>,
  reconciled: Reconciliation,
): Promise<Omit<TrustPanel, keyof Panel>> => {
  reconciled.look()
  const [newest] = await asking.query<{ newest_text: string }>(NEWEST)
  const [inserted] = await asking.query<{ inserted_text: string }>(INSERTED)
  return {
    newest_payment_at: newest ? iso_of(newest.newest_text) : null,
    behind_records: behind_records(deps),
    inserted_at: inserted ? iso_of(inserted.inserted_text) : null,
    reconciliation: reconciled.result(asking.tenant),
  }
}

/** Records of this process's tasks and sink that are still to be processed or inserted. */
export const behind_records = ({ worker, sink }: Pick<ServerDeps, 'worker' | 'sink'>): number =>
  [...worker.status(), ...sink.status()].reduce(
    (sum, { lag }) => sum + Object.values(lag).reduce((total, records) => total + records, 0),
    0,
  )
