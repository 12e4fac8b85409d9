using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Membership;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

public sealed class ProbesTests
{
    [Theory]
    [InlineData("NotStarted", false, "not started")]
    [InlineData("Founding", false, "silo-1 is silent; left behind")]
    [InlineData("Joined", true, "started")]
    [InlineData("Stopping", true, "started")]
    [InlineData("Failed", false, "ended; left behind")]
    public void Startup_tells_what_is_waited_for(string phase, bool fit, string line) =>
        Assert.Equal(new ProbeResult(fit, line), Probes.Started(Status(Enum.Parse<NodePhase>(phase))));

    [Theory]
    [InlineData("NotStarted", 1e6, true)]
    [InlineData("Founding", 59, true)]
    [InlineData("Founding", 61, false)]
    [InlineData("Joined", 61, false)]
    [InlineData("Stopping", 1, true)]
    [InlineData("Stopped", 0, false)]
    [InlineData("Failed", 0, false)]
    public void Liveness_looks_at_the_loop_and_the_listener_alone(string phase, double loopAge, bool fit) =>
        Assert.Equal(fit, Probes.Live(Status(Enum.Parse<NodePhase>(phase), loopAge)).IsFit);

    [Theory]
    [InlineData(SiloStatus.Joining, false, false, "the silo is Joining, not yet Active")]
    [InlineData(SiloStatus.Active, false, true, "active")]
    [InlineData(SiloStatus.Active, true, false, "stopping")]
    [InlineData(SiloStatus.ShuttingDown, false, false, "the silo is ShuttingDown, not Active")]
    public void Readiness_is_being_active_and_not_stopping(SiloStatus silo, bool stopping, bool fit, string line) =>
        Assert.Equal(new ProbeResult(fit, line), Probes.Ready(silo, stopping));

    internal static NodeStatus Status(NodePhase phase, double loopAge = 0) => new(
        phase, "silo-1 is silent", TimeSpan.FromSeconds(loopAge), InMemoryTable.NewMember(1), Guid.Empty, 1, 2, 3,
        true, true, ["silo-1"], [new("10.0.0.2:11112", "silo-2", "silent", TimeSpan.FromSeconds(7.25))],
        ["10.0.0.2:11112"], "left behind\nby the others");
}
