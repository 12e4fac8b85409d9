using System.Net;
using Chaos;
using Demo;
using Formation;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>The audit of the scenarios is worth what it finds.</summary>
public sealed class AuditTests
{
    private const int Process = 7;
    private static readonly Guid Lineage = Guid.NewGuid();

    private readonly Dictionary<Pod, int> _running = [];
    private readonly Audit _audit;
    private readonly Pod _one;
    private readonly Pod _other;

    public AuditTests()
    {
        _audit = new Audit(pod => _running.TryGetValue(pod, out var process) ? process : null);
        _one = NewPod("silo-0", 11);
        _other = NewPod("silo-1", 12);
    }

    [Fact]
    public void An_older_epoch_that_claims_a_majority_after_a_newer_one_did_is_found()
    {
        _audit.On(At(1, 2, _one, Claim(epoch: 2)));
        _audit.On(At(3, 4, _other, Claim(epoch: 1)));

        Assert.Contains("two quorate epochs", Assert.Single(_audit.Faults));
        Assert.Equal(2, _audit.Claims);
    }

    [Fact]
    public void Two_claims_that_may_have_been_in_the_right_order_are_no_fault()
    {
        _audit.On(At(1, 3, _one, Claim(epoch: 2)));
        _audit.On(At(2, 4, _other, Claim(epoch: 1)));
        _audit.On(At(5, 6, _other, Claim(epoch: 1) with { HasMajority = false }));

        Assert.Empty(_audit.Faults);
    }

    [Fact]
    public void Two_rescues_into_epochs_of_one_number_are_found()
    {
        _audit.On(At(1, 2, _one, Claim(epoch: 2)));
        _audit.On(At(1, 2, _other, Claim(epoch: 2) with { EpochBy = "another" }));

        Assert.Contains("two quorate epochs", Assert.Single(_audit.Faults));
    }

    [Fact]
    public void Two_quorate_lineages_are_found_while_both_processes_run()
    {
        _audit.On(At(1, 2, _one, Claim(epoch: 1)));
        _audit.On(At(1, 2, _other, Claim(epoch: 1) with { Lineage = Guid.NewGuid() }));

        Assert.Contains("two quorate lineages", Assert.Single(_audit.Faults));
    }

    [Fact]
    public void A_lineage_whose_processes_have_ended_is_no_second_one()
    {
        _audit.On(At(1, 2, _one, Claim(epoch: 1)));
        _running.Remove(_one);
        _audit.On(At(3, 4, _other, Claim(epoch: 1) with { Lineage = Guid.NewGuid() }));

        Assert.Empty(_audit.Faults);
    }

    [Fact]
    public void Two_contents_of_one_version_are_found()
    {
        _audit.On(At(1, 2, _one, View("Active")));
        _audit.On(At(1, 2, _other, View("Dead")));

        Assert.Contains("two contents", Assert.Single(_audit.Faults));
    }

    [Fact]
    public void A_silo_seen_as_dead_is_told_until_its_process_has_ended()
    {
        _audit.On(At(1, 2, _one, View("Active") with { Silo = "seen" }));
        _audit.On(At(3, 4, _other, View("Dead") with { ViewVersion = 4 }));

        Assert.Equal(("seen", _other), Assert.Single(_audit.DeadAndRunning));

        _running[_one] = Process + 1;
        Assert.Empty(_audit.DeadAndRunning);
        Assert.Equal(1, _audit.DeclaredWhileRunning);
    }

    private Pod NewPod(string name, byte host)
    {
        var pod = new Pod(name, new IPAddress([127, 0, 0, host]), SiloProcesses.FreePorts(), "", TimeSpan.Zero);
        _running[pod] = Process;
        return pod;
    }

    private static Sample At(double asked, double answered, Pod pod, Told told) => new(
        pod, Process, TimeSpan.FromSeconds(asked), TimeSpan.FromSeconds(answered), told with
        {
            Silo = told.Silo.Length > 0 ? told.Silo : pod.Name,
        });

    private static Told Claim(int epoch) => new(Lineage, true, true, 3, new HashSet<string>())
    {
        Epoch = epoch,
        EpochBy = $"rescuer of {epoch}",
        HasMajority = true,
    };

    private static Told View(string status) => Claim(epoch: 1) with
    {
        ViewVersion = 3,
        View = new Dictionary<string, string> { ["seen"] = status },
    };
}
