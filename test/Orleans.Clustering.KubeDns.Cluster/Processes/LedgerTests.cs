using System.Net;
using Chaos;
using Demo;
using Formation;
using Pods;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>The ledger of random faults is worth what it finds.</summary>
public sealed class LedgerTests
{
    private const int Process = 7;
    private static readonly Guid Lineage = Guid.NewGuid();

    private readonly Ledger _ledger = new(_ => Process);
    private readonly Pod _one = NewPod("silo-0", 11);
    private readonly Pod _other = NewPod("silo-1", 12);

    [Fact]
    public void One_row_for_each_version_is_no_fault()
    {
        Show(_one, "a", 1, ("a", "Active"));
        Show(_one, "a", 2, ("a", "Active"), ("b", "Joining"));
        Show(_one, "a", 3, ("a", "Active"), ("b", "Active"));

        Assert.Empty(_ledger.Faults);
        Assert.Equal(3, _ledger.Versions);
    }

    [Fact]
    public void A_version_that_goes_back_is_found()
    {
        Show(_one, "a", 2, ("a", "Active"));
        Show(_one, "a", 1, ("a", "Active"));

        Assert.Contains("goes back", Assert.Single(_ledger.Faults));
    }

    [Fact]
    public void Two_rows_changed_by_one_commit_are_found()
    {
        Show(_one, "a", 1, ("a", "Joining"), ("b", "Joining"));
        Show(_other, "b", 2, ("a", "Active"), ("b", "Active"));

        Assert.Contains("2 rows differ", Assert.Single(_ledger.Faults));
    }

    [Fact]
    public void A_row_that_is_lost_is_found()
    {
        Show(_one, "a", 1, ("a", "Active"), ("b", "Active"));
        Show(_one, "a", 2, ("a", "Active"));

        Assert.Contains("is lost", Assert.Single(_ledger.Faults));
    }

    [Fact]
    public void A_dead_one_that_comes_back_is_found()
    {
        Show(_one, "a", 1, ("a", "Active"), ("c", "Dead"));
        Show(_one, "a", 2, ("a", "Active"), ("c", "Active"));

        Assert.Contains("was Dead", Assert.Single(_ledger.Faults));
    }

    [Fact]
    public void A_dead_one_may_be_cleaned_up_and_must_not_come_back_then_either()
    {
        Show(_one, "a", 1, ("a", "Active"), ("c", "Dead"));
        Show(_one, "a", 2, ("a", "Active"));
        Assert.Empty(_ledger.Faults);

        Show(_one, "a", 3, ("a", "Active"), ("c", "Active"));

        Assert.Contains("was Dead", Assert.Single(_ledger.Faults));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public void A_living_one_declared_dead_is_a_fault_or_if_it_met_one_needs_a_reason(bool met, int faults)
    {
        if (met) _ledger.Excuse(_other);
        Show(_other, "b", 1, ("a", "Active"), ("b", "Active"));
        Show(_one, "a", 2, ("a", "Active"), ("b", "Dead"));

        Assert.Equal(faults, _ledger.Faults.Count);
        Assert.Equal(met ? ["b"] : [], _ledger.Evicted.Select(evicted => evicted.Silo));
    }

    // Twice: what a silo says is taken once its next answer confirms the epoch.
    private void Show(Pod pod, string silo, int version, params (string Silo, string Status)[] rows)
    {
        var told = new Told(Lineage, IsActive: true, IsLeader: false, Voters: 1, Active: new HashSet<string>())
        {
            Silo = silo,
            Epoch = 1,
            TableVersion = version,
            ViewVersion = version,
            View = rows.ToDictionary(row => row.Silo, row => row.Status),
        };
        _ledger.On(new Sample(pod, Process, TimeSpan.Zero, TimeSpan.Zero, told));
        _ledger.On(new Sample(pod, Process, TimeSpan.Zero, TimeSpan.Zero, told));
    }

    private static Pod NewPod(string name, byte host) =>
        new(name, new IPAddress([127, 0, 0, host]), SiloProcesses.FreePorts(), "", TimeSpan.Zero);
}
