using SiloApp;
using SiloApp.Doctor;
using SiloApp.Watch;

switch (args)
{
    case ["doctor", .. var rest]: return await DoctorCommand.RunAsync(rest);
    case ["watch", .. var rest]: return await WatchCommand.RunAsync(rest);
}

var app = SiloHost.Builder(args).Build();
app.MapCluster();
app.Run();
return 0;
