using System.Net;
using System.Text.Json;

namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>
/// What the silo of this pod says of itself, if it runs: it has watched for longer than the doctor can, and knows what
/// only a member does, such as KDNS305.
/// </summary>
internal sealed class StatusReading(IPEndPoint where, Checklist list)
{
    private const string Subject = "own silo";
    private const int MaxBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (where.Port == 0)
        {
            list.Skip(Subject, "StatusPort is 0");
            return;
        }

        using var http = new HttpClient { Timeout = Patience, MaxResponseContentBufferSize = MaxBytes };
        try
        {
            using var status = JsonDocument.Parse(
                await http.GetByteArrayAsync($"http://{where}/statusz", cancellationToken).ConfigureAwait(false));
            Tell(status.RootElement);
        }
        catch (Exception fault) when (fault is HttpRequestException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            list.Skip(Subject, $"no silo answers at {where}");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            list.Wrong(Subject, $"what answers at {where} is no silo of this package");
        }
    }

    private void Tell(JsonElement status)
    {
        var warnings = status.GetProperty("warnings").EnumerateArray().Select(text => text.GetString() ?? "");
        foreach (var text in warnings.Append(status.GetProperty("diagnosis").GetString() ?? ""))
        {
            if (text.StartsWith("KDNS", StringComparison.Ordinal) && !list.Has(text.Split(':')[0]))
                list.Diagnose(Subject, text);
        }

        var phase = status.GetProperty("phase").GetString();
        var waiting = status.GetProperty("waitingFor").GetString();
        list.Right(Subject, $"{phase}, {status.GetProperty("silo").GetString()}",
            [
                $"voters {string.Join(", ", status.GetProperty("voters").EnumerateArray().Select(v => v.GetString()))}",
                .. string.IsNullOrEmpty(waiting) ? Array.Empty<string>() : [$"waiting for {waiting}"],
            ]);
    }
}
