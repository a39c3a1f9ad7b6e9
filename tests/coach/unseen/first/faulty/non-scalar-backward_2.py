import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# per-example policy gradient
torch.manual_seed(101)
pi = nn.Linear(3, 2)
opt = torch.optim.SGD(pi.parameters(), lr=0.1)
for ep in range(5):
    s = torch.randn(16, 3)
    lp = F.log_softmax(pi(s), -1)
    a = torch.multinomial(lp.detach().exp(), 1)
    r = (a.squeeze(1) == (s[:, 0] > 0).long()).float() - 0.5
    objective = -lp.gather(1, a).squeeze(1) * r
    opt.zero_grad()
    objective.backward()  # coach: non-scalar-backward; fix: objective.mean()
    opt.step()
