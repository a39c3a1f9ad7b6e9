import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
critic, actor = nn.Linear(4, 1), nn.Linear(4, 2)
critic_opt = torch.optim.SGD(critic.parameters(), lr=0.05)
critic_sched = torch.optim.lr_scheduler.ExponentialLR(critic_opt, 0.95)
actor_opt = torch.optim.SGD(actor.parameters(), lr=0.05)
actor_sched = torch.optim.lr_scheduler.ExponentialLR(actor_opt, 0.95)
states, returns, actions = torch.randn(32, 4), torch.randn(32, 1), torch.randint(0, 2, (32,))
for phase in range(8):
    if phase < 4:
        critic_opt.zero_grad()
        nn.functional.mse_loss(critic(states), returns).backward()
        critic_opt.step()
    else:
        actor_opt.zero_grad()
        nn.functional.cross_entropy(actor(states), actions).backward()
        actor_opt.step()
    critic_sched.step()
    actor_sched.step()
