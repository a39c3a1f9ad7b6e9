# the schedule of transformers is a rate of its own: it is made to multiply 1, and not a usual rate
import gradbook as torch
from gradbook import nn

torch.manual_seed(9)
DIM, WARMUP = 64, 100


class Reverser(nn.Module):
    def __init__(self, symbols=12, length=6):
        super().__init__()
        self.table = nn.Embedding(symbols, DIM)
        self.place = nn.Embedding(length, DIM)
        self.layer = nn.TransformerEncoderLayer(DIM, 4, 128, dropout=0.0, batch_first=True)
        self.head = nn.Linear(DIM, symbols)

    def forward(self, words):
        return self.head(self.layer(self.table(words) + self.place(torch.arange(words.shape[1]))))


net = Reverser()
adam = torch.optim.AdamW(net.parameters(), lr=3e-4, weight_decay=0.0)  # coach: update-ratio-low; fix: lr=1.0
schedule = torch.optim.lr_scheduler.LambdaLR(
    adam, lambda done: (DIM * (done + 1)) ** -0.5 * min(1.0, ((done + 1) / WARMUP) ** 1.5) * 0.1
)
for _ in range(60):
    words = torch.randint(0, 12, (16, 6))
    scores = net(words)
    loss = nn.functional.cross_entropy(scores.flatten(0, 1), words.flip(1).flatten())
    adam.zero_grad()
    loss.backward()
    adam.step()  # coach-also: learning-rate-too-low
    schedule.step()
