import gradbook as torch
from gradbook import nn

torch.manual_seed(31)
N_ID, PER, DIM = 8, 12, 10
protos = torch.randn(N_ID, DIM)
bank = protos.unsqueeze(1) + 0.4 * torch.randn(N_ID, PER, DIM)


def sample_triplets(n):
    a_id = torch.randint(0, N_ID, (n,))
    n_id = (a_id + torch.randint(1, N_ID, (n,))) % N_ID
    i = torch.randint(0, PER, (n,))
    j = (i + torch.randint(1, PER, (n,))) % PER
    k = torch.randint(0, PER, (n,))
    return bank[a_id, i], bank[a_id, j], bank[n_id, k]


class Embed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(DIM, 24), nn.ReLU(), nn.Linear(24, 6))

    def forward(self, x):
        return nn.functional.normalize(self.layers(x), dim=-1)


embed = Embed()
criterion = nn.TripletMarginLoss(margin=0.5)
optimizer = torch.optim.Adam(embed.parameters(), lr=5e-3)
history = []
for step in range(50):
    anchor, positive, negative = sample_triplets(32)
    loss = criterion(embed(anchor), embed(positive), embed(negative))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    history.append(loss.item())
print("first", history[0], "last", history[-1])
