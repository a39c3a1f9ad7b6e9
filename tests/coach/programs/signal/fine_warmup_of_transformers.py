# the same schedule on a rate of 1, as it is meant: what the steps are is the schedule's own
import gradbook as torch
from gradbook import nn

torch.manual_seed(9)
DIM, WARMUP = 32, 60
net = nn.Sequential(nn.Embedding(12, DIM), nn.TransformerEncoderLayer(DIM, 4, 64, dropout=0.0, batch_first=True))
head = nn.Linear(DIM, 12)
adam = torch.optim.Adam([*net.parameters(), *head.parameters()], lr=1.0, betas=(0.9, 0.98), eps=1e-9)
schedule = torch.optim.lr_scheduler.LambdaLR(
    adam, lambda done: DIM**-0.5 * min((done + 1) ** -0.5, (done + 1) * WARMUP**-1.5)
)
for _ in range(60):
    words = torch.randint(0, 12, (16, 6))
    loss = nn.functional.cross_entropy(head(net(words)).flatten(0, 1), ((words * 5) % 12).flatten())
    adam.zero_grad()
    loss.backward()
    adam.step()
    schedule.step()
