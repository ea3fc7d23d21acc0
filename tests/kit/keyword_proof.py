"""A proof that every text matched by a pattern contains one of some keywords, without trying texts.

It walks through the pattern as parsed by `re`. A state is the end of the text matched so far that may be the
start of a keyword, with an example of such a text. Texts that contain a keyword have no state. The states
that remain at the end are matches without a keyword.
"""

from re import IGNORECASE, _constants, _parser

# a range of more characters is treated as any character, which cannot start a keyword
MAX_RANGE = 64
# repetitions of a part that are followed one by one; further ones are treated as any text
MAX_REPEATS = 12
REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}
ANY = "?"


def find_matches_without(pattern, keywords, flags=IGNORECASE):
    """Return example texts that a pattern matches without containing a keyword; `?` stands for any text."""
    proof = _Proof(keywords.split())
    return sorted(proof.states_after(_parser.parse(pattern, flags), {"": ""}).values())


class _Proof:
    def __init__(self, keywords):
        self.keywords = keywords
        self.prefixes = {word[:length] for word in keywords for length in range(len(word))}

    def states_after(self, sequence, states):
        for operation, argument in sequence:
            states = self.step(operation, argument, states) if states else states
        return states

    def step(self, operation, argument, states):  # noqa: PLR0911 - a case for each operation
        if operation is _constants.LITERAL:
            return self.read_chars([chr(argument)], states)
        if operation is _constants.IN:
            chars = _chars_of(argument)
            return self.read_chars(chars, states) if chars else _any_text(states)
        if operation is _constants.BRANCH:
            branches = [self.states_after(branch, states) for branch in argument[1]]
            return {state: example for branch in branches for state, example in branch.items()}
        if operation is _constants.SUBPATTERN:
            return self.states_after(argument[3], states)
        if operation is _constants.ATOMIC_GROUP:
            return self.states_after(argument, states)
        if operation in REPEATS:
            return self.repeat(*argument, states)
        if operation is _constants.ASSERT:
            return states if self.states_after(argument[1], {"": ""}) else {}
        return states if operation in {_constants.ASSERT_NOT, _constants.AT} else _any_text(states)

    def read_chars(self, chars, states):
        following = {}
        for state, example in states.items():
            for char in chars:
                text = state + char.lower()
                if not any(word in text for word in self.keywords):
                    state_after = next(text[i:] for i in range(len(text) + 1) if text[i:] in self.prefixes)
                    following.setdefault(state_after, example + char.lower())
        return following

    def repeat(self, minimum, maximum, sequence, states):
        for _ in range(min(minimum, MAX_REPEATS)):
            states = self.states_after(sequence, states)
        reached, new_states = dict(states), states
        for _ in range(min(int(maximum) - minimum, MAX_REPEATS)):
            new_states = {
                state: text
                for state, text in self.states_after(sequence, new_states).items()
                if state not in reached
            }
            reached |= new_states
        return reached | {"": ""} if new_states and reached and maximum - minimum > MAX_REPEATS else reached


def _any_text(states):
    return {"": next(iter(states.values())) + ANY}


def _chars_of(members):
    """Return the characters of a class; an empty list if they are too many. A digit is one of 0 to 9."""
    chars = set()
    for operation, argument in members:
        if operation is _constants.LITERAL:
            chars.add(chr(argument))
        elif operation is _constants.RANGE and argument[1] - argument[0] < MAX_RANGE:
            chars.update(map(chr, range(argument[0], argument[1] + 1)))
        elif operation is _constants.CATEGORY and argument is _constants.CATEGORY_DIGIT:
            chars.update("0123456789")
        else:
            return []
    return sorted(chars)
