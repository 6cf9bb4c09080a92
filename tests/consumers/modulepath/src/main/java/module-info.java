/// What an application that trains models requires; the CPU kernels are found as a service.
module example {
    requires io.chagres.train;

    opens example to
            io.chagres.tensor; // which looks into models
}
