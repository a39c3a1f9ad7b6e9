import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
pretrained = {k: v.clone() for k, v in backbone.state_dict().items()}
backbone.load_state_dict(pretrained)
head = nn.Linear(16, 3)
opt = torch.optim.AdamW(
    [{"params": backbone.parameters(), "lr": 1e-5}, {"params": head.parameters(), "lr": 1e-3}], weight_decay=0.01
)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 5))
x, y = torch.randn(60, 10), torch.randint(0, 3, (60,))
for step in range(12):
    loss = nn.functional.cross_entropy(head(backbone(x)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
