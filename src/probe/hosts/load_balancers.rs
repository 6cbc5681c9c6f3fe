//! Load balancers of clouds. None of them was run here: signs are from documentation.

use super::{Host, Profile, Role, signs::Sign};

pub(super) const HOSTS: &[Profile] = &[
    Profile {
        ..Profile::new(
            Host::AwsAlb,
            "AWS Application Load Balancer",
            Role::Balancer,
            &[
                // docs.aws.amazon.com, Application Load Balancers: sticky sessions; the name of its own answers.
                Sign::Own("server", "awselb/"),
                Sign::Cookie("AWSALB"),
                Sign::Cookie("AWSELB"),
            ],
        )
    },
    Profile {
        ..Profile::new(
            Host::ApplicationGateway,
            "Azure Application Gateway",
            Role::Balancer,
            &[
                // learn.microsoft.com, Application Gateway: error pages, cookie-based affinity.
                Sign::Own("server", "microsoft-azure-application-gateway"),
                Sign::Cookie("ApplicationGatewayAffinity"),
                Sign::Words("<center>Microsoft-Azure-Application-Gateway/"),
            ],
        )
    },
    Profile {
        caches: true,
        ..Profile::new(
            Host::GoogleLoadBalancer,
            "Google Cloud load balancer",
            Role::Balancer,
            &[
                // cloud.google.com/load-balancing/docs/https: `Via: 1.1 google`, cookie GCLB.
                Sign::Via("1.1 google"),
                Sign::Cookie("GCLB="),
                Sign::Words(")!!1</title>"),
            ],
        )
    },
];
