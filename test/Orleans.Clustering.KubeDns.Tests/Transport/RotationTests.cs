using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>A new secret reaches the silos one after another: nothing is lost, the old one opens nothing.</summary>
public sealed class RotationTests
{
    [Theory]
    [InlineData("new", "old", "old", null)] // the rotation reached the client first
    [InlineData("old", null, "new", "old")] // … the server first
    [InlineData("old", "new", "new", "old")] // the careful way: first accept the new one everywhere
    [InlineData("new", "old", "new", null)] // the end of it
    public async Task Silos_at_different_steps_of_a_rotation_talk(
        string current, string? previous, string theirCurrent, string? theirPrevious)
    {
        await using var rig = new Rig();
        var ours = rig.Keep(new SecretFolder(current, previous));
        var theirs = rig.Keep(new SecretFolder(theirCurrent, theirPrevious));
        var server = await rig.ServeAsync(secrets: rig.Secret(theirs));
        AssertEchoed(await SendAsync(rig.Client(rig.Secret(ours)), server.Port, 1), 1);
    }

    [Fact]
    public async Task A_rotation_interrupts_no_connection_and_ends_the_old_secret()
    {
        await using var rig = new Rig();
        var time = new ManualTime();
        var ours = rig.Keep(new SecretFolder("old"));
        var theirs = rig.Keep(new SecretFolder("old"));
        var server = await rig.ServeAsync(secrets: rig.Secret(theirs, time));
        var client = rig.Client(rig.Secret(ours, time));
        AssertEchoed(await SendAsync(client, server.Port, 1), 1);
        await Step(2, () => theirs.Write("new", "old"));
        await Step(3, () => ours.Write("new", "old"));
        await Step(4, () => theirs.Write("new"));
        await Step(5, () => ours.Write("new"));

        ours.Write("old");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Delivery.Unauthenticated, (await SendAsync(client, server.Port)).Outcome);

        async Task Step(int round, Action write)
        {
            write();
            time.Advance(TimeSpan.FromSeconds(1));
            AssertEchoed(await SendAsync(client, server.Port, round), round);
        }
    }

    // The steps of the careful way and of the hasty, whichever side each reaches first, while messages go on.
    [Theory]
    [InlineData("client", "server")]
    [InlineData("server", "client")]
    public async Task A_rotation_loses_no_request_whichever_side_it_reaches_first(string first, string second)
    {
        await using var rig = new Rig();
        var time = new ManualTime();
        var folders = new Dictionary<string, SecretFolder>
        {
            ["client"] = rig.Keep(new SecretFolder("old")), ["server"] = rig.Keep(new SecretFolder("old")),
        };
        var server = await rig.ServeAsync(secrets: rig.Secret(folders["server"], time));
        var client = rig.Client(rig.Secret(folders["client"], time));
        var (sent, over) = (0, false);
        var talks = Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            for (var round = number; !Volatile.Read(ref over); round += 8)
            {
                AssertEchoed(await SendAsync(client, server.Port, round), round);
                Interlocked.Increment(ref sent);
            }
        })).ToArray();
        foreach (var (current, previous) in new[] { ("old", "new"), ("new", "old"), ("new", null) })
        {
            foreach (var side in new[] { first, second })
            {
                folders[side].Write(current, previous);
                time.Advance(TimeSpan.FromSeconds(1));
                var before = Volatile.Read(ref sent);
                await Eventually.HoldsAsync(
                    () => Volatile.Read(ref sent) > before + 50 || talks.Any(talk => talk.IsCompleted));
            }
        }

        Volatile.Write(ref over, true);
        await Task.WhenAll(talks);
        Assert.Equal(0, rig.Counts.Rejected(Rejection.Failed));
    }

    [Fact]
    public async Task A_connection_by_a_secret_that_was_dropped_delivers_nothing_more()
    {
        await using var rig = new Rig();
        var time = new ManualTime();
        var folder = rig.Keep(new SecretFolder("old"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder, time));
        using var thief = await PeerByHand.ConnectAsync(server.Port, PeerBytes.MacsOf("old"));
        await thief.SendAsync(thief.Request(1));
        Assert.Equal(Status.Ok, (await thief.ReadReplyAsync())!.Status);

        folder.Write("new");
        time.Advance(TimeSpan.FromSeconds(1));
        await thief.SendAsync(thief.Request(2));
        Assert.Equal(Status.Unauthenticated, (await thief.ReadReplyAsync())!.Status);
        using var again = await RawVisitor.ConnectAsync(server.Port);
        await again.SendAsync(PeerBytes.Hello(PeerBytes.MacsOf("old")));
        Assert.Equal(PeerBytes.Welcome(Status.Unauthenticated, null, null), await again.ReadAsync(Wire.WelcomeSize));
    }
}
