using Chaos;

namespace Pods;

/// <summary>What a ledger and the logs must say at the end of a scenario.</summary>
internal static class Closing
{
    /// <summary>A ledger that is told all that silos show from now on.</summary>
    public static Ledger Open(Run run)
    {
        var ledger = new Ledger(pod => pod.IsRunning ? pod.Process!.Id : null, DateTime.UtcNow - run.Now);
        run.Stage.Lookout.Seen += ledger.On;
        return ledger;
    }

    public static void Check(Run run, Ledger ledger)
    {
        var faults = ledger.Faults;
        run.Check("views: nothing lost or doubled, nobody evicted who met no fault", faults.Count == 0,
            faults.Count == 0 ? $"{ledger.Versions} versions held" : string.Join("; ", faults), "never");
        var evicted = ledger.Evicted;
        var unexplained = Evictions.Unexplained(evicted, Logs.Lines(run.Stage.Folder));
        run.Check("evicted while they ran: a rule, a rescue or Orleans' votes", unexplained.Count == 0,
            unexplained.Count == 0 ? $"{evicted.Count}, all explained" : string.Join("; ", unexplained), "explained");
        var broken = Logs.Broken(run.Stage.Folder);
        run.Check("no rule of the protocol broken in the logs", broken.Count == 0,
            broken.Count == 0 ? "none" : string.Join("; ", broken.Take(3)), "none");
    }
}
