import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(12)
x = torch.randn(512, 16)
phone = x[:, :5].argmax(1)
pitch = torch.sin(x[:, 5:6])

encoder = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
phone_head = nn.Linear(32, 5)
pitch_head = nn.Linear(32, 1)
params = [*encoder.parameters(), *phone_head.parameters(), *pitch_head.parameters()]
opt = torch.optim.Adam(params, lr=2e-3)

for epoch in range(5):
    for idx in torch.randperm(512).split(64):
        shared = encoder(x[idx])
        loss_phone = F.cross_entropy(phone_head(shared), phone[idx])
        loss_pitch = F.mse_loss(pitch_head(shared), pitch[idx])
        opt.zero_grad()
        loss_phone.backward()  # coach: backward-twice; fix: retain_graph=True
        loss_pitch.backward()  # coach-line: backward-twice
        opt.step()
    print(epoch, loss_phone.item(), loss_pitch.item())
