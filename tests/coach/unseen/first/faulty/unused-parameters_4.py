import gradbook as torch
from gradbook import nn
# multi-task loss: the auxiliary head never enters the loss
torch.manual_seed(95)
class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(10, 24), nn.ReLU())
        self.main_head = nn.Linear(24, 3)
        self.aux_head = nn.Linear(24, 1)
    def forward(self, x):
        z = self.shared(x)
        return self.main_head(z), self.aux_head(z)
net = MultiTask()
opt = torch.optim.RMSprop(net.parameters(), lr=2e-3)
ce, mse = nn.CrossEntropyLoss(), nn.MSELoss()
for it in range(30):
    x = torch.randn(48, 10)
    cls_t, reg_t = x[:, :3].argmax(1), x[:, 3:4] * 0.5
    logits, aux = net(x)
    loss_main = ce(logits, cls_t)
    loss_aux = mse(aux, reg_t)
    loss = loss_main  # coach: unused-parameters; fix: loss_aux
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, loss_main.item(), loss_aux.item())
# coach-also: stale-optimizer
