/**
 * Decides: which of an emitter's own words mean what the tables of a lead policy know.
 * Because: people write `brownstone` and `asap`; a list of words can be read, disputed and extended.
 * Keeps: nothing. When late, twice, missing: a word that is not in the list means nothing, and the signal stays unknown.
 * Limits: words are English. What leads themselves write is heard by core/hear-text.ts, in their language.
 */

/** What emitters write in place of the tables' own words (spelled in lower case with underscores). */
export const synonyms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  property_type: {
    house: 'single_family',
    single_family_home: 'single_family',
    brownstone: 'single_family',
    townhouse: 'single_family',
    condominium: 'condo',
    coop: 'co_op',
    cooperative: 'co_op',
  },
  install_timeline: {
    now: 'soon',
    asap: 'soon',
    immediately: 'soon',
    immediate: 'soon',
    '3_months': 'soon',
    this_month: 'soon',
    next_month: 'soon',
    within_3_months: 'soon',
    '1_3_months': 'soon',
    within_6_months: 'this_year',
    '6_months': 'this_year',
    '3_6_months': 'this_year',
    within_12_months: 'this_year',
    '6_12_months': 'this_year',
    someday: 'exploring',
    researching: 'exploring',
    undecided: 'exploring',
    just_looking: 'exploring',
  },
  credit_signal: {
    excellent: 'good',
    prequalified: 'good',
    pre_qualified: 'good',
    preapproved: 'good',
    pre_approved: 'good',
    approved: 'good',
    bad: 'poor',
    declined: 'poor',
  },
  decision_role: { owner: 'primary', joint: 'primary', decision_maker: 'primary' },
}
