using FsCheck.Xunit;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

public sealed class SessionTests
{
    [Fact]
    public void A_counter_is_accepted_once_in_any_order_within_the_window()
    {
        var window = new ReplayWindow();
        Assert.False(window.TryUse(0));
        Assert.False(window.TryUse(-5));
        foreach (var counter in new[] { 3L, 1, 2, 10, 9 }) Assert.True(window.TryUse(counter));
        foreach (var counter in new[] { 3L, 1, 2, 10, 9 }) Assert.False(window.TryUse(counter));
        Assert.True(window.TryUse(10 + ReplayWindow.Size));
        Assert.False(window.TryUse(10));
        Assert.False(window.TryUse(8));
        Assert.True(window.TryUse(11));
        Assert.True(window.TryUse(long.MaxValue));
        Assert.False(window.TryUse(11));
    }

    [Property(MaxTest = 200)]
    public void The_window_agrees_with_a_plain_set(int seed)
    {
        var (random, window, used, highest) = (new Random(seed), new ReplayWindow(), new HashSet<long>(), 0L);
        for (var i = 0; i < 2_000; i++)
        {
            var counter = Math.Max(0, highest + random.Next(-1_200, random.Next(20) == 0 ? 3_000 : 5));
            var expected = counter > 0 && counter > highest - ReplayWindow.Size && used.Add(counter);
            Assert.Equal(expected, window.TryUse(counter));
            if (expected) highest = Math.Max(highest, counter);
        }
    }

    [Fact]
    public void Sessions_are_bounded_and_the_least_recently_used_goes_first()
    {
        var sessions = new Sessions(new() { MaxSessions = 2, MaxUnusedSessions = 2 }, new ManualTime());
        Session[] opened = [Used(sessions), Used(sessions)];
        sessions.Touch(opened[0]);
        var third = Used(sessions);
        Assert.NotNull(sessions.Find(opened[0].Id));
        Assert.Null(sessions.Find(opened[1].Id));
        Assert.NotNull(sessions.Find(third.Id));
        for (var i = 0; i < 10; i++) sessions.Open();
        Assert.Equal(4, sessions.Count);
        Assert.NotNull(sessions.Find(opened[0].Id));
    }

    [Fact]
    public void An_idle_session_is_forgotten()
    {
        var time = new ManualTime();
        var options = new TransportOptions();
        var sessions = new Sessions(options, time);
        var (used, unused) = (Used(sessions), sessions.Open());
        time.Advance(options.SessionIdle);
        sessions.Touch(used);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(sessions.Find(used.Id));
        Assert.Null(sessions.Find(unused.Id));
    }

    private static Session Used(Sessions sessions)
    {
        var session = sessions.Open();
        sessions.Touch(session);
        return session;
    }
}
