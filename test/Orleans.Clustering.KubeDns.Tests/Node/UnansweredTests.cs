using Orleans.Clustering.KubeDns.Consensus;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>Requests that the machine has no answer to.</summary>
public class UnansweredTests
{
    // With many silos and no quorum they would take the room of those that somebody still waits for.
    [Fact]
    public async Task A_request_that_is_left_unanswered_ends_when_its_asker_has_given_up()
    {
        await using var stage = await NodeStage.FormAsync(4);
        Envelope? read = null;
        var asker = stage.Nodes.Single(node => !node.Status.IsVoter);
        asker.Watches = envelope => read = envelope.Body is Read ? envelope : read;
        await stage.RunAsync(asker.Node.ReadAsync(mayWrite: false, default));
        var voter = stage.Nodes.Single(node => node.Member.Nonce == read!.To);
        foreach (var other in stage.Nodes.Where(node => node != voter)) other.IsCutOff = true;

        var request = voter.ServeAsync(read!);
        await stage.PassAsync(2);
        Assert.False(request.IsCompleted);
        await stage.UntilAsync("its end", () => request.IsCompleted, 3);
        await Assert.ThrowsAsync<OperationCanceledException>(() => request);
    }
}
