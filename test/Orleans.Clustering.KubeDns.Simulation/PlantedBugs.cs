namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>Mistakes that somebody might make, each as edits of the core's source, or of the world's.</summary>
internal static class PlantedBugs
{
    public static readonly SortedDictionary<string, IReadOnlyList<Edit>> All = new(StringComparer.Ordinal)
    {
        ["an acceptor that forgets a promise"] =
            [new("Acceptor.cs", "if (accept.Ballot < _promised) return", "if (accept.Ballot.Round < 0) return")],
        ["a majority that is a half"] =
            [new("ClusterState.cs", "(Voters.Count / 2) + 1", "Math.Max(1, Voters.Count / 2)")],
        ["a proposer that drops what was accepted"] =
            [new("Proposer.cs", "Chosen = accepted?.Command ?? attempt.Own", "Chosen = attempt.Own")],
        ["a removed voter that votes, and is counted"] =
        [
            new("Acceptor.cs", "if (!local.IsVoter) return null;", ""),
            new("Proposer.cs", "if (!local.State!.IsVoter(from.Nonce)) return;", ""),
            new("Proposer.cs", "foreach (var voter in local.State!.Voters) local.Ask(voter, attempt.Request);",
                "foreach (var voter in peers.Members()) local.Ask(voter, attempt.Request);"),
        ],
        ["a value announced before it is decided"] =
            [new("Proposer.cs", "Send(attempt with { Chosen = accepted?.Command ?? attempt.Own });",
                "Send(attempt with { Chosen = accepted?.Command ?? attempt.Own });"
                + " Announce(new News(attempt.Slot, Sequence.Of(attempt.Own), null));")],
        ["a read that skips the quorum"] =
            [new("Reader.cs", "round.Marks.Count < (round.Asked.Count / 2) + 1", "round.Marks.Count < 1")],
        ["a read that leaves a value in flight"] =
            [new("Reader.cs", "Target = highest + (inFlight ? 1 : 0)", "Target = highest")],
        ["a read reported before its news is installed"] =
        [
            new("Requests.cs", "local.Install(done.News);", ""),
            new("Requests.cs", "local.State!.Index < done.Index", "local.State!.Index < 0"),
        ],
        ["a founder that does not wait for a listed peer"] =
            [new("Founding.cs", "if (open.Count > 0 && ", "if (open.Count > 99 && ")],
        ["a process that votes under its old nonce"] =
            [new("World.cs", "var nonce = new Nonce(", "var nonce = pod.Process?.Self.Nonce ?? new Nonce(")],
        ["a silo that is declared ended because it is silent"] =
            [new("Peers.cs",
                "undelivered.WasRefused\n            ? contact",
                "undelivered.To.Port > 0\n            ? contact")],
        ["a silo that is its own second witness"] =
            [new("Endings.cs", "&& member != local.Self && contact.Lineage", "&& contact.Lineage")],
        ["refused once is ended"] =
            [new("Endings.cs",
                "return isConnected && (IsUnreadied(member,",
                "return isConnected || (IsUnreadied(member,")],
        ["a predecessor's answer ends its successor"] =
            [new("Peers.cs", "&& contact.AnsweredGreet > KnownSince(before)", "")],
        ["an empty answer shows that everybody is gone"] =
        [
            new("Listing.cs", "if (!view.Complete) return;", ""),
            new("Listing.cs", "if (!listsUs || mayBeOlder || ", "if ("),
        ],
        ["silence and a pod that is not ready are the end"] =
            [new("Endings.cs", "return IsRemoved(member) ? EndRule.Removed : null;",
                "return IsNotReady(member) ? EndRule.Removed : null;")],
        ["a retry that is run again"] =
            [new("ClusterState.cs", "command.Id is { } id ? recent.Add(id) : recent", "recent")],
        ["recent is lost when the voters change"] =
            [new("ClusterState.cs", "VotersAt = next.Index },", "VotersAt = next.Index, Recent = Recent.Empty },")],
        ["a clean-up without a new version"] =
            [new("TableState.cs", "return new TableState(next, rows);",
                "return new TableState(command is Cleanup ? Version : next, rows);")],
        ["no stall fence"] =
            [new("StallFence.cs", "if (late <= local.Settings.StallFence ||", "if (late < long.MaxValue ||")],
        ["a member that promised and goes on"] =
            [new("Local.cs", "MayTakePart => !IsBarred && !IsFenced", "MayTakePart => !IsFenced")],
        ["a rescue that drops the value in flight"] =
            [new("Rescue.cs",
                "highest.Rescue(attempt.Epoch, inFlight, ended,",
                "highest.Rescue(attempt.Epoch, null, ended,")],
        ["a rescue from the oldest state"] =
            [new("Rescue.cs",
                ".MaxBy(state => (state.Epoch, state.Index))!",
                ".MinBy(state => (state.Epoch, state.Index))!")],
        ["a rescue that stands before all accepted"] =
            [new("Rescue.cs",
                "if (attempt.Accepted.Count < attempt.Witnesses.Count) return;",
                "if (attempt.Accepted.Count < 1) return;")],
        ["a rescue that is void and installed"] =
            [new("Witness.cs",
                "return accept.Epoch == local.Promised\n",
                "return accept.Epoch == local.Promised && local.Install(accept.State)\n")],
        ["two rescues of one name"] =
        [
            new("Rescue.cs", "new Epoch(_highestNumber, local.Self.Nonce)", "new Epoch(_highestNumber, default)"),
            new("Witness.cs", "&& epoch.By == envelope.From.Nonce", ""),
        ],
        ["a rescue that does not wait for the silent"] =
            [new("Evidence.cs",
                "if (endings.RuleFor(member) is { } rule) return",
                "if (member.Address.Port > 0) return Note($\"{member}\"); if (endings.RuleFor(member) is"
                + " { } rule) return")],
        ["newcomers that may never rescue"] =
            [new("Evidence.cs", "return IsActive(local.Self) ? \"\" : MissingOfNewcomer(known);",
                "return IsActive(local.Self) ? \"\" : \"somebody who was Active\";")],
        ["a promise without an exit"] =
            [new("Meeting.cs", "else if (local.IsBarred && standing.IsQuorate) OnPassedBy(envelope);", "")],
        ["a lower epoch that goes on"] =
            [new("Meeting.cs", "if (envelope.Epoch.CompareTo(state.Epoch) > 0)", "if (state.Index < 0)")],
        ["two lineages that leave each other alone"] =
            [new("Meeting.cs", "return later != 0 ? later > 0", "return later != 0 ? later > long.MaxValue")],
        ["a rescue beside a cluster that works"] =
            [new("Rescue.cs", "if (meeting.Working is { Member: var other })",
                "if (meeting.Working is { Member: var other } && local.Now < 0)")],
        ["a majority by hearsay"] =
            [new("Quorum.cs",
                "return state.Voters.Count(voter => IsWorking(voter) && IsFresh(voter)) < state.Majority;",
                "return false;")],
        ["a leaver that stops before its successors know"] =
            [new("Voters.cs", "return known >= state.Majority;", "return true;")],
        ["a founder that trusts a stale answer"] =
            [new("Founding.cs", "if (view.AskedAt >= from) return true;", "return true;")],
        ["a founder that does not count its own start"] =
            [new("Founding.cs", ".Append(local.StartedAt).Max()", ".Append(-1).Max()")],
        ["newcomers that each rescue alone"] =
            [new("Evidence.cs", "return IsActive(local.Self) ? \"\" : MissingOfNewcomer(known);", "return \"\";")],
        ["a rescue on a look-up that is too old"] =
            [new("Evidence.cs", "IsOld = view.AskedAt < newest + view.Staleness;", "IsOld = false;")],
        ["a late reply of the dead"] =
            [new("Peers.cs", "contact.ForeignAt : isOther ? contact.AnsweredAt : -1;", "contact.ForeignAt : -1;")],
        ["witnesses that never veto"] =
            [new("Witness.cs", "if (!isAgain && Veto(prepare) is { } veto)",
                "if (isAgain && Veto(prepare) is { } veto)")],
        ["joining a lineage that gives way"] =
        [
            new("CatchUp.cs", "if (envelope.Lineage == Guid.Empty && state.YieldsTo != Guid.Empty) return null;", ""),
            new("CatchUp.cs", "!local.IsMute && !standing.Yields && peers", "!local.IsMute && peers"),
        ],
        ["a read across a change of voters"] =
            [new("Reader.cs", "if (state.VotersAt != round.VotersAt) Repeat(round);",
                "if (state.Index < 0) Repeat(round);")],
        ["a rescue that asks nobody whom else it should ask"] =
        [
            new("Rescue.cs", "_named = _named.Union(Named(last));", ""),
            new("Witness.cs", "!MayBeLeft(member)) is", "false) is"),
        ],
        ["voters proposed whose majority is silent"] =
            [new("Voters.cs", "wanted.Count == 0 || !MajorityAnswers(wanted)", "wanted.Count == 0")],
        ["the occupant of a dead member's address unasked"] =
            [new("Evidence.cs", "known.Concat(occupants).Distinct()", "known.Distinct()")],
        ["round 0 used twice"] =
            [new("Proposer.cs",
                "local.IsLeader && !_roundZeroUsed && _roundSeen == 0 && acceptor.Promised == Ballot.None;",
                "local.IsLeader && _roundSeen == 0;")],
    };
}
