using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>One line that a silo logged.</summary>
internal sealed record LogLine(LogLevel Level, string Category, string Text, DateTime At, int Id);

/// <summary>Keeps what a silo logs and tells of it, so that a test can wait for a line.</summary>
internal sealed class LogLines(LogLevel least = LogLevel.Information) : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public LogLevel Least => least;

    public event Action<LogLine>? Written;

    public IReadOnlyCollection<LogLine> All => _lines;

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    /// <summary>The first line that satisfies the condition, written already or yet to come.</summary>
    public Task<LogLine> NextAsync(Func<LogLine, bool> condition, TimeSpan patience)
    {
        var wait = WaitAsync(condition, patience);

        // Who has seen enough awaits it no more; its end, a minute later, is then no exception that escaped.
        wait.ContinueWith(
            ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
        return wait;
    }

    private async Task<LogLine> WaitAsync(Func<LogLine, bool> condition, TimeSpan patience)
    {
        var found = new TaskCompletionSource<LogLine>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(LogLine line) => _ = condition(line) && found.TrySetResult(line);
        Written += Look;
        try
        {
            if (_lines.FirstOrDefault(condition) is { } already) return already;
            return await found.Task.WaitAsync(patience);
        }
        finally
        {
            Written -= Look;
        }
    }

    private void Add(LogLine line)
    {
        _lines.Enqueue(line);
        Written?.Invoke(line);
    }

    private sealed class Logger(LogLines lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel level) => level >= lines.Least;

        public void Log<TState>(
            LogLevel level, EventId id, TState state, Exception? fault, Func<TState, Exception?, string> format)
        {
            if (IsEnabled(level)) lines.Add(new(level, category, format(state, fault), DateTime.UtcNow, id.Id));
        }
    }
}
