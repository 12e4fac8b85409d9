using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Sees what is proposed: one value for each ballot (I1), and no voters whose majority does not answer their leader
/// (protocol § 6): it could decide nothing, and only a rescue would help.
/// </summary>
internal sealed class Proposals(World world)
{
    /// <summary>How old an answer of a voter may be (ms).</summary>
    private const long AnswersFor = 2_500;

    private readonly Dictionary<(Guid, Epoch, long, Ballot), Command> _values = [];

    public void OnSent(SimProcess proposer, Envelope envelope)
    {
        if (envelope.Body is not Accept accept) return;
        if (!_values.TryAdd((envelope.Lineage, envelope.Epoch, accept.Slot, accept.Ballot), accept.Command))
        {
            var known = _values[(envelope.Lineage, envelope.Epoch, accept.Slot, accept.Ballot)];
            Checkers.Require(known.Equals(accept.Command), "I1",
                $"{proposer} proposes {accept.Command} in {accept.Slot} at {accept.Ballot}, and {known} before");
        }
        else if (accept is { Ballot.Round: 0, Command: SetVoters change })
        {
            // What a leader proposes without a first phase was chosen in this very step.
            var answering = change.Voters.Count(voter => Answers(proposer, voter));
            Checkers.Require(answering >= (change.Voters.Count / 2) + 1, "I8",
                $"{proposer} proposes voters {change.Voters}, and only {answering} of them answer");
        }
    }

    private bool Answers(SimProcess proposer, MemberId voter) =>
        voter == proposer.Self
        || (proposer.Replica.Contacts.GetValueOrDefault(voter.Address) is { } contact && contact.Member == voter
            && contact.AnsweredWithin(AnswersFor, proposer.LocalTime(world.Now)));
}
