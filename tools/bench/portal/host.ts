import { readAddress } from '../../../cli/farm/address.ts';
import { connect } from '../../../cli/farm/farm.ts';
import { startLocalPortal } from '../../../portal/src/local.ts';

/** A portal in a process of its own, as on a host; says where it is on standard output. */
const farm = connect(readAddress(process.env.FARM ?? '', 'The variable FARM'));
const portal = await startLocalPortal({ farm });
console.log(JSON.stringify({ origin: portal.origin, signIn: portal.signInUrl() }));
