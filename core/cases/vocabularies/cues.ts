/**
 * Words that turn the assertion of what stands near them, after NegEx (Chapman et al., J Biomed Inform 2001) and ConText
 * (Harkema et al., J Biomed Inform 2009), with our own lists, and words of results (`negative`, `within normal limits`).
 * `after` cues govern the words that follow, `before` cues those that precede, `none` cues only keep a longer phrase from
 * being read as a cue.
 */
export type CueMeaning =
  | 'absent'
  | 'possible'
  | 'historical'
  | 'family'
  | 'others'
  | 'hypothetical'
  | 'resolved'
  | 'worsening'
  | 'improving'
  | 'stable'
  | 'high'
  | 'low'
  | 'normal'
  | 'abnormal'
  | 'negative'
  | 'positive'
  | 'verb'
  | 'be'
  | 'hard'
  | 'soft'
  | 'pseudo';

export type CueReach = 'after' | 'before' | 'both' | 'none';
export type Cue = { readonly meaning: CueMeaning; readonly reach: CueReach };

const LISTS: readonly (readonly [CueMeaning, CueReach, string])[] = [
  [
    'absent',
    'after',
    'no|not|without|denied|denies|deny|absence of|absent|lack of|lacked|lacks|lacking|free of|no evidence of|no sign of|no signs of|no history of|negative for|neither|nor|never|ruled out|excluded|excluding|rules out|failed to reveal|failed to show|failed to demonstrate|failed to identify|did not reveal|did not show|did not demonstrate|did not have|did not identify|did not report|did not complain of|did not present|did not experience|does not have|had not|has not|cannot|could not|no evidence for|with no|had no|not significant for|was not significant for|unremarkable for|insignificant for|no clinical signs of|without evidence of|without any evidence of|without signs of|no suggestion of|no features of|no indication of|no stigmata of|no signs or symptoms of|no symptoms of|free from|devoid of|ruling out|excludes|in the absence of|absence of any|denying|negative history of|no personal history of|no reports of|not infected with|not suffering from|failed to detect|failed to find|failed to disclose|failed to show any|with the absence of|no longer|unable to detect|instead of|rather than|no other|no obvious|no significant|no previous|no prior|no known|no family history of|no past medical history of|no complaint of|no complaints of|no further|no new|no more|nothing|none|was not|were not|is not|are not',
  ],
  [
    'absent',
    'before',
    'was absent|were absent|not performed|was not performed|were not performed|not done|was not done|not available|was ruled out|were ruled out|was excluded|were excluded|was denied|were denied|not detected|not found|not seen|not observed|not present|not noted|not identified|not evident|not visualized|not demonstrated|not palpable|not elevated|not detectable|undetectable|not revealed|not reported|not detected|not apparent|not visible|not felt|not heard|not appreciated|not confirmed|not obvious|unlikely|is absent|are absent|were lacking|was lacking',
  ],
  [
    'possible',
    'after',
    'possible|possibly|probable|probably|suspected|suspicion of|suspicious for|suspicious of|suggestive of|suggesting|suggests|suggested|likely|presumed|presumptive|may have|might have|could be|may be|might be|questionable|differential diagnosis of|differential diagnoses of|differential diagnosis|differential diagnoses|concern for|concerns for|concern about|concerns about|concerned about|concerning for|consider|considered|versus|query|provisional diagnosis of|working diagnosis of|suspicious|suspecting|suspect|in favor of|indicative of|possibility of|hypothesis of|thought to be|not excluded|not ruled out|did not exclude|could not exclude|cannot exclude|could not rule out|cannot rule out|does not exclude',
  ],
  [
    'possible',
    'before',
    'was suspected|were suspected|is suspected|was considered|were considered|could not be excluded|cannot be excluded|could not be ruled out|cannot be ruled out|not be excluded|not be ruled out|was not excluded|was not ruled out|were not excluded|were not ruled out|not been ruled out|not been excluded|was presumed|is possible|was possible|was thought',
  ],
  [
    'historical',
    'after',
    'history of|past history of|past medical history of|medical history of|previous history of|known history of|past medical history|past history|medical history|prior history of|long history of|history significant for|history notable for|history included|history includes|previous|previously|prior|known|known case of|known to have|status post|s/p|history|antecedents of|underlying|pre-existing|preexisting|past|with a background of|background of|background history of|comorbidities included|comorbidities|previously diagnosed with|childhood|personal history of|surgical history|surgical history of|former|remote|had been diagnosed with|been diagnosed with|been treated for|treated for|being treated for|on treatment for|follow-up for|followed for|followed up for|longstanding|long standing|old|medical background|co-morbidities|who had undergone|had undergone',
  ],
  [
    'historical',
    'before',
    'years ago|months ago|years earlier|years before|months earlier|years previously|in the past|in childhood|since childhood|year ago|year earlier|years prior|months prior|years prior to|months before|months previously|year before|year previously|decades ago',
  ],
  [
    'hypothetical',
    'after',
    'rule out|to rule out|in order to rule out|to exclude|in order to exclude|risk of|risks of|risk for|risk factor for|risk factors for|at risk|at risk of|at risk for|to prevent|preventing|prevention of|for prevention of|for the prevention of|prophylaxis for|prophylaxis of|prophylaxis against|to avoid|avoiding|to screen for|screening for|screened for|to look for|monitor for|monitored for|monitoring for|watch for|to watch for|watch out for|in case of|in the event of|in case|should she develop|should he develop|should the patient develop|should she experience|should he experience|potential for|prone to|predisposed to|predisposes to|predispose to|susceptible to|may cause|can cause|might cause|could cause|may lead to|can lead to|could lead to|might lead to|may result in|can result in|could result in|could lead|warned of|warned about|warned that|informed about|informed of|informed that|counselled about|counseled about|counselled on|counseled on|educated about|educated on|explained the|advised to return|advised to seek|return if|indicated for|indicated in|indication for|indications for|indications include|contraindicated in|vaccinated against|vaccine against|vaccination against|immunized against|immunised against|to evaluate for|to assess for|to check for|to investigate for|tested for|to test for|test for|tests for|testing for|evaluate the presence of|if|whether|fear of|afraid of|threshold for|pretest probability of',
  ],
  [
    'hypothetical',
    'before',
    'should be excluded|should be ruled out|must be excluded|must be ruled out|should be suspected|should be considered|may occur|might occur|could occur|can occur|may recur',
  ],
  [
    'resolved',
    'before',
    'resolved|subsided|disappeared|abated|vanished|remitted|ceased|relieved|disappear|resolve|gone',
  ],
  [
    'resolved',
    'after',
    'resolution of|complete resolution of|full resolution of|rapid resolution of|gradual resolution of|disappearance of|complete disappearance of|normalization of|normalisation of|relief of|complete relief of|cessation of|complete remission of|complete removal of|recovered from|recovery from|recovery of|complete recovery of|complete resolution in|no longer had|no longer has|no longer experienced',
  ],
  [
    'improving',
    'before',
    'improved|alleviated|lessened|ameliorated|improve|eased|is improving|was improving|were improving|partially resolved|partly resolved|mostly resolved|almost resolved|nearly resolved',
  ],
  [
    'improving',
    'after',
    'improvement of|improvement in|partial resolution of|near complete resolution of|almost complete resolution of|near resolution of|nearly complete resolution of|amelioration of|alleviation of|regression of|improving|resolving|partial relief of|partial remission of',
  ],
  [
    'worsening',
    'before',
    'worsened|progressed|aggravated|deteriorated|exacerbated|intensified|worsen|became worse|got worse|became more severe|was worsening|were worsening|was progressing|increased in severity|increased in intensity|increased in frequency',
  ],
  [
    'worsening',
    'after',
    'worsening of|worsening|progressively worsening|progressive worsening of|worsened|progression of|exacerbation of|acute exacerbation of|deterioration of|aggravation of|aggravated|increasingly|increasing|progressive|progressively|rapidly progressive|slowly progressive',
  ],
  ['stable', 'before', 'was unchanged|were unchanged|remained unchanged|remained stable|remained the same'],
  [
    'family',
    'after',
    'family history of|family history|familial history of|familial history|family medical history|positive family history|runs in the family',
  ],
  ['others', 'after', 'no one|no one else|nobody|nobody else|anyone who|anyone|anybody|anybody who|everyone who'],
  [
    'high',
    'both',
    'elevated|increased|raised|high|higher|elevation|elevations|increase|increasing|rise|rising|hyper|above normal|rose|elevation of|increase of|increase in|elevation in|elevated levels of|raised levels of|increased levels of|high levels of|elevated level of|high level of|high titers of|excess|excessive|above the normal range|tall|elevating|markedly elevated|accelerated|raised level of|elevated serum levels of|rise in|increased to|had risen',
  ],
  [
    'low',
    'both',
    'decreased|reduced|low|lower|diminished|decrease|reduction|decreasing|fell|dropped|declined|depressed|drop|fall|deficient|deficiency|low levels of|decrease in|reduction in|drop in|below normal|reduced levels of|decreased levels of|low level of|decline in|decreased to|fall in|subnormal|suppressed|undetectably low',
  ],
  [
    'normal',
    'both',
    'normal|stable|within normal limits|within normal range|within the normal range|unremarkable|within the reference range|in the normal range|within normal ranges|normalized|normalised|not remarkable|within reference range|within the normal limits|within normal values|WNL|essentially normal|unaffected|intact|returned to normal|preserved|in normal limits|in normal range|normal limits|normal range|noncontributory|non contributory|not significant|insignificant|without abnormalities|without abnormality|without any abnormality|without any abnormalities|no abnormalities|no abnormality|no significant abnormality|no significant abnormalities|no obvious abnormality|no obvious abnormalities|no abnormal findings|no significant findings|all normal|normal limits|uneventful|no pathological findings|normal limit|not raised|not elevated|not increased',
  ],
  [
    'abnormal',
    'both',
    'abnormal|deranged|impaired|altered|pathological|abnormalities|abnormality|disturbed|remarkable for|dysfunction',
  ],
  [
    'negative',
    'both',
    'negative|nonreactive|non reactive|seronegative|sterile|no growth|tested negative|came back negative|remained negative|negative results|negative for|negative result',
  ],
  [
    'positive',
    'both',
    'positive|reactive|seropositive|tested positive|positivity|strongly positive|weakly positive|presence of|grew|isolated|positive for|detected|detectable|immunoreactive|came back positive|yielded',
  ],
  [
    'verb',
    'none',
    'showed|shows|showing|revealed|reveals|revealing|demonstrated|demonstrates|demonstrating|had|has|have|presented|presents|presenting|developed|complained|complains|complaining|reported|reports|noted|noticed|underwent|disclosed|exhibited|displayed|indicated|confirmed|identified|found|admitted|received|experienced|continued|became|included|includes|including|consisted|evidenced|yielded|started|began|given|treated|performed|discharged|died|followed|brought|referred|diagnosed|required|recovered|improved|suffered|increased|progressed|visited|consulted|described|mentioned|stated',
  ],
  ['be', 'none', 'was|were|is|are|been|be|remained|came back|turned out|appeared|proved|tested'],
  [
    'hard',
    'none',
    'but|however|although|though|whereas|while|except|except for|besides|apart from|other than|aside from|nevertheless|yet|because|since|until|unless|despite|in spite of|due to|secondary to|because of|owing to|following|which|who|whom|whose|when|where|that|as well as having|attributed to|as a result of|after|before|during|then|thereafter|subsequently|resulting in|leading to|caused by|as the cause of|as a cause of|with the exception of|in whom|in which|at which',
  ],
  ['soft', 'none', 'with|and|or|as|on|at|by|for|to'],
  [
    'pseudo',
    'none',
    'no increase|no change|no significant change|no interval change|not only|not certain if|not certain whether|not necessarily|without difficulty|RF ablation|radiofrequency|gram negative|gram-negative|gram positive|gram-positive|no significant improvement|no improvement|not improve|did not improve|not respond|did not respond|without improvement|without any improvement|not drain|no cause|not cause|not resolve|did not resolve|without response|no response|no relief|without relief|not relieved|not relieved by|associated with|along with|together with|consistent with|compatible with|in accordance with|not related to|unrelated to|regardless of|whether or not|or not|no doubt|without doubt|not without|not possible to|never possible to|impossible to|no source of|no explanation for|no reason for|no treatment|no medication|no therapy|no resolution of|no regression of|no remission of|no effect on|no relief of|no reduction in|no reduction of|no response to|lack of improvement|lack of response|absence of improvement|not denied|did not deny|does not deny|never denied|not free of|not free from|no difference|no progression of|no worsening of|no exacerbation of|no deterioration of|no aggravation of|no increase of|no recollection|no memory of|not limited to|not responding to|not responsive to|no correlation|not uncommon|not unusual|known to cause|did not subside|not subside|did not disappear|not disappear|not resolved|not subsided|not disappeared|not improved|not relieve|did not relieve|unresponsive to|resistant to|unable to|not able to|HIV positive|HIV-positive|HIV-negative|HIV negative|high resolution|high dose|high-dose|low dose|low-dose|high grade|high-grade|low grade|low-grade|higher than|high power|high power field|high power fields|lower limb|lower limbs|lower extremity|lower extremities|lower abdomen|lower lobe|lower back|lower lip|lower eyelid|lower quadrant|lower leg|lower legs|lower third|lower left|lower right|lower abdominal|lower jaw|lower half|low back|upper|not well|not yet|old man|old woman|old boy|old girl|old male|old female|old patient|old white|old infant|old caucasian|week old|weeks old|months old|month old|years old|year old|day old|days old|isolated from|no longer able|prior to|prior to admission|previously healthy|previously well|history of present illness|history and physical|natural history|not been|normal saline|normal pressure hydrocephalus|past few|past two|past three|over the past|for the past|in the past few|the past month|the past year|the past week',
  ],
];

export const CUES: readonly (readonly [phrase: string, cue: Cue])[] = LISTS.flatMap(([meaning, reach, phrases]) => {
  const cue: Cue = { meaning, reach };
  return phrases.split('|').map((phrase) => [phrase, cue] as const);
});
